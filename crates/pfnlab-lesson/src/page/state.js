// The state behind step k: the nearest state before it that the page holds, moved on by what each
// operation since changed.
const $ = id => document.getElementById(id);
const lesson = JSON.parse($("lesson").textContent);
const {steps, keyframe, words: WORDS, zones: names, global, kinds: KINDS, uses: USES} = lesson;
const LETTERS = "UMEHCIR";
const CLASSES = USES.map(use => use[0]);
const MEANS = Object.fromEntries(USES);
const [PERCPU, LENT, INUSE, MIXED, HOLE] = CLASSES.slice(7);
const hex = n => "0x" + n.toString(16);
const block = (start, order) => hex(start) + "+2^" + order;
const clamp = (n, low, high) => Math.max(low, Math.min(high, n));
const escape = text => text.replace(/[&<>"]/g, c => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[c]);
const zoneName = z => `node ${names[z].node} ${names[z].kind}`;

// ---- parts of the page: compressed, unpacked when needed, a few of them kept -------------------
const kept = new Map();
function part(id) {
  if (!kept.has(id)) {
    const bytes = Uint8Array.from(atob($(id).textContent), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    kept.set(id, new Response(stream).json());
    if (kept.size > 12) kept.delete(kept.keys().next().value);
  }
  const found = kept.get(id);
  kept.delete(id);
  kept.set(id, found);
  return found;
}

// ---- the state ---------------------------------------------------------------------------------
function load(zones) {
  return zones.map(z => {
    const lent = new Map();
    for (let i = 0; i < z.lent.length; i += 2) lent.set(z.lent[i], z.lent[i + 1]);
    return {...z, lent, marks: z.marks.slice(),
      lists: new Map(z.lists.map(([o, t, pfns]) => [o * 8 + t, pfns.slice()])),
      cpus: z.cpus.map(c => ({...c, lists: new Map(c.lists.map(([i, o, pfns]) => [i, {order: o, pfns: pfns.slice()}]))})),
      pageblocks: z.pageblocks && {first: z.pageblocks.first, types: z.pageblocks.types.split("")}};
  });
}

/// How many numbers follow each kind of change.
const LENGTHS = [0, 5, 4, 6, 4, 3, 3, 3, 2, 2, 2, 3, 4, 3, 3, 3];

function apply(state, change) {
  if (!Array.isArray(change)) return load(change.state);
  for (let i = 0; i < change.length; i += 1 + LENGTHS[change[i]]) {
    const z = change[i + 1], b = change[i + 2], c = change[i + 3];
    const d = change[i + 4], e = change[i + 5], f = change[i + 6];
    const zone = state[z];
    switch (change[i]) {
      case 1: {
        const key = c * 8 + d, list = zone.lists.get(key) || [];
        e ? list.push(b) : list.unshift(b);
        zone.lists.set(key, list);
        break;
      }
      case 2: {
        const key = c * 8 + d, list = zone.lists.get(key);
        list.splice(list.indexOf(b), 1);
        if (!list.length) zone.lists.delete(key);
        break;
      }
      case 3: {
        const cpu = zone.cpus.find(one => one.cpu === b);
        if (!cpu.lists.has(c)) cpu.lists.set(c, {order: e, pfns: []});
        f ? cpu.lists.get(c).pfns.push(d) : cpu.lists.get(c).pfns.unshift(d);
        break;
      }
      case 4: {
        const cpu = zone.cpus.find(one => one.cpu === b), list = cpu.lists.get(c);
        d ? list.pfns.pop() : list.pfns.shift();
        if (!list.pfns.length) cpu.lists.delete(c);
        break;
      }
      case 5: zone.lent.set(b, c); break;
      case 6: zone.lent.delete(b); break;
      case 7: for (let k = 0; k < 1 << c; k++) zone.lent.set(b + k, 0); break;
      case 8: zone.free = b; break;
      case 9: zone.boost = b; break;
      case 10:
        for (const one of state) {
          const at = one.pageblocks ? (z - one.pageblocks.first) / (1 << global.block) : -1;
          if (at >= 0 && at < one.pageblocks.types.length) one.pageblocks.types[at] = String(b);
        }
        break;
      case 11: zone.cpus.find(one => one.cpu === b).high = c; break;
      case 12: zone.marks = [b, c, d]; break;
      case 15: zone.cpus.find(one => one.cpu === b).batch = c; break;
    }
  }
  return state;
}

let at = {chunk: -1, step: 0, state: null};
async function stateAt(step) {
  const chunk = Math.min(Math.floor(step / keyframe), Math.ceil(Math.max(steps, 1) / keyframe) - 1);
  const {state, changes} = await part("c" + chunk);
  if (at.chunk !== chunk || at.step > step) at = {chunk, step: chunk * keyframe, state: load(state)};
  for (; at.step < step; at.step++) at.state = apply(at.state, changes[at.step - chunk * keyframe]);
  return at.state;
}

async function changeOf(step) {
  const chunk = Math.floor(step / keyframe);
  const change = (await part("c" + chunk)).changes[step % keyframe];
  return Array.isArray(change) ? change : change.numbers;
}

const wordsOf = async step => (await part("w" + Math.floor(step / WORDS)))[step % WORDS];

/// What an operation touched: blocks, and the frames of a zone it is about.
function touchedBy(change) {
  const blocks = new Set();
  let zone = null, about = [], linked = [];
  const note = (list, z, start, order) => list.push([z, start, start + (1 << order)]);
  for (let i = 0; i < change.length; i += 1 + LENGTHS[change[i]]) {
    const [z, b, c, d, e] = change.slice(i + 1, i + 6);
    switch (change[i]) {
      case 1: blocks.add(b + ":" + c); note(linked, z, b, c); break;
      case 3: blocks.add(d + ":" + e); note(linked, z, d, e); break;
      case 5: case 6: blocks.add(b + ":" + c); note(about, z, b, c); break;
      case 13: case 14: note(about, z, b, c); break;
    }
  }
  if (!about.length) about = linked;
  if (about.length) {
    zone = about[about.length - 1][0];
    about = about.filter(one => one[0] === zone);
  }
  const range = about.length ? [Math.min(...about.map(a => a[1])), Math.max(...about.map(a => a[2]))] : null;
  return {blocks, zone, range};
}

