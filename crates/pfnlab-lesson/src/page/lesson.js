"use strict";
// Steps through a lesson. The state behind step k is the nearest state before it that the page
// holds, moved on by what each operation changed; every view is drawn from that state anew.
(() => {
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
    const [z, b, c, d, e, f] = change.slice(i + 1, i + 7);
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

// ---- who has the frames --------------------------------------------------------------------------
function blocksIn(zone, start, end) {
  const all = [];
  const add = (s, o, u, t) => { if (s < end && s + (1 << o) > start) all.push({s, e: s + (1 << o), o, u, t}); };
  for (const [key, pfns] of zone.lists) for (const s of pfns) add(s, key >> 3, CLASSES[key & 7], key & 7);
  for (const cpu of zone.cpus) for (const list of cpu.lists.values()) for (const s of list.pfns) add(s, list.order, PERCPU);
  for (const [s, o] of zone.lent) add(s, o, LENT);
  return all.sort((a, b) => a.s - b.s);
}

function piecesIn(zone, blocks, start, end) {
  const pieces = [];
  const bare = (s, e, u) => { if (s < e) pieces.push({s, e, u}); };
  const fill = (from, to) => {
    for (const [s, e] of zone.memory) {
      const low = Math.max(s, from), high = Math.min(e, to);
      if (low < high) { bare(from, low, HOLE); bare(low, high, INUSE); from = high; }
    }
    bare(from, to, HOLE);
  };
  let done = start;
  for (const b of blocks) {
    const s = Math.max(b.s, start), e = Math.min(b.e, end);
    if (s > done) fill(done, s);
    pieces.push({...b, s, e, whole: b});
    done = Math.max(done, e);
  }
  fill(done, end);
  return pieces;
}

const wordsFor = p => p.whole || p.o !== undefined
  ? `${block((p.whole || p).s, p.o)} ${MEANS[p.u]}` : `${hex(p.s)}..${hex(p.e)} ${MEANS[p.u]}`;

// ---- drawing -------------------------------------------------------------------------------------
let shown = {step: 0, state: null, touched: {blocks: new Set(), zone: null, range: null}, chains: []};
let view = {zone: 0, start: 0, end: 0};
let lit = null;
let width = 900;

const key = b => b.s + ":" + b.o;
const classOf = (b, u) => (shown.touched.blocks.has(key(b)) ? u + " touched" : u);
function rect(x, y, w, h, cls, title, more = "") {
  return `<rect x="${x}" y="${y}" width="${Math.max(w, 1)}" height="${h}" class="${cls}"${more}>` +
    (title ? `<title>${escape(title)}</title></rect>` : "</rect>");
}
const label = (x, y, cls, text) => `<text x="${x}" y="${y}" class="${cls}">${escape(String(text))}</text>`;
const ofBlock = b => ` data-b="${key(b)}"`;
function draw(id, height, body, alt) {
  $(id).innerHTML = `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(alt)}">${body}</svg>`;
}
const gutter = () => (width < 560 ? 70 : 96);

function drawZones(state) {
  const parts = [];
  state.forEach((zone, z) => { if (zone.present) for (const [s, e] of zone.memory) parts.push({s, e, z}); });
  parts.sort((a, b) => a.s - b.s);
  const all = [];
  parts.forEach((p, i) => {
    if (i && parts[i - 1].e < p.s) all.push({s: parts[i - 1].e, e: p.s, z: -1});
    all.push(p);
  });
  const weight = p => Math.sqrt(p.e - p.s), wall = 8, least = 10;
  const sum = parts.reduce((n, p) => n + weight(p), 0);
  const room = Math.max(width - 4 - parts.length * least - (all.length - parts.length) * wall, 0);
  const widest = new Map();
  for (const p of parts) if (!widest.has(p.z) || p.e - p.s > widest.get(p.z).e - widest.get(p.z).s) widest.set(p.z, p);
  let x = 2, body = "", node = null;
  for (const p of all) {
    const w = p.z < 0 ? wall : least + room * weight(p) / sum;
    if (p.z < 0) { body += rect(x, 18, w, 30, "wall", `${hex(p.s)}..${hex(p.e)} no memory`); x += w; continue; }
    const zone = state[p.z], used = 30 * (zone.present - Math.min(zone.free, zone.present)) / zone.present;
    const words = `${zoneName(p.z)} ${hex(p.s)}..${hex(p.e)}: ${zone.free} of ${zone.present} free`;
    if (node !== names[p.z].node) { node = names[p.z].node; body += label(x, 13, "aside", "node " + node); }
    body += rect(x, 18, w, 30, "gauge", words, ` data-z="${p.z}"`);
    if (used > 0) body += rect(x, 48 - used, w, used, INUSE, words, ` data-z="${p.z}"`);
    if (p.z === view.zone) body += rect(x, 18, w, 30, "frame touched", "", ` data-z="${p.z}"`);
    const name = names[p.z].kind;
    if (widest.get(p.z) === p && name.length * 9 < w) body += label(x + w / 2, 38, "middle halo", name);
    x += w;
  }
  draw("v-zones", 52, body, state.map((zone, z) => zone.present ? `${zoneName(z)}: ${zone.free} of ${zone.present} frames free` : "").filter(Boolean).join("; "));
}

function rowFrames(frames) {
  const whole = 2 ** Math.ceil(Math.log2(frames));
  return Math.max(whole / 8, Math.min(whole, width < 560 ? 32 : 64));
}

function drawStrip(zone, pieces) {
  const row = rowFrames(view.end - view.start), columns = width < 560 ? 128 : 256;
  const cell = Math.max(row / columns, 1), left = gutter(), room = width - left - 2;
  const first = Math.floor(view.start / row) * row, rows = Math.ceil((view.end - first) / row);
  $("scale").textContent = cell === 1 ? `${row} in a row` : `${row} in a row; the finest detail is ${cell} frames`;
  let body = "", from = 0;
  for (let r = 0; r < rows; r++) {
    const start = first + r * row, end = start + row, y = r * 26 + 2, cells = [];
    while (from < pieces.length && pieces[from].e <= start) from++;
    for (let i = from; i < pieces.length && pieces[i].s < end; i++) {
      const p = pieces[i], low = Math.max(p.s, start), high = Math.min(p.e, end);
      for (let c = Math.floor((low - start) / cell); c < Math.ceil((high - start) / cell); c++) {
        cells[c] = cells[c] === undefined ? p : {u: cells[c].u === p.u ? p.u : MIXED, s: start + c * cell, e: start + (c + 1) * cell};
      }
    }
    body += label(left - 6, y + 15, "pfn end aside", hex(start));
    for (let c = 0; c < row / cell;) {
      const p = cells[c];
      let next = c + 1;
      if (p === undefined) { c = next; continue; }
      while (next < row / cell && cells[next] !== undefined && (cells[next] === p || (!p.whole && !cells[next].whole && cells[next].u === p.u))) next++;
      const x = left + c * cell * room / row, w = (next - c) * cell * room / row;
      const b = p.whole;
      body += rect(x, y, w, 20, b ? classOf(b, p.u) : p.u, wordsFor(p), b ? ofBlock(b) : "");
      const text = hex(b ? b.s : start + c * cell), begins = b ? b.s >= start : true;
      if (begins && p.u !== HOLE && p.u !== MIXED && text.length * 8 + 4 <= w) {
        body += label(x + w / 2, y + 15, p.u === LENT || p.u === INUSE ? "pfn middle on-dark" : "pfn middle halo", text);
      }
      c = next;
    }
  }
  const count = {};
  for (const p of pieces) count[p.u] = (count[p.u] || 0) + p.e - p.s;
  draw("v-strip", rows * 26, body, `Frames ${hex(view.start)} to ${hex(view.end)}: ` + Object.entries(count).map(([u, n]) => `${n} ${MEANS[u]}`).join(", "));
}

function drawTree(zone, blocks, pieces) {
  const frames = view.end - view.start, left = gutter(), room = width - left - 2;
  const x = pfn => left + (clamp(pfn, view.start, view.end) - view.start) * room / frames;
  const orders = blocks.map(b => b.o);
  const top = Math.max(Math.min(Math.ceil(Math.log2(frames)), global.top), orders.reduce((a, b) => Math.max(a, b), 0));
  const least = orders.reduce((a, b) => Math.min(a, b), top);
  const y = o => (top - o) * 30 + 2;
  let body = "";
  for (let o = top; o >= least; o--) body += label(left - 6, y(o) + 13, "end aside", width < 560 ? o : "order " + o);
  const split = new Map();
  for (const b of blocks) {
    for (let o = b.o + 1, s = b.s; o <= top; o++) {
      s = Math.floor(s / 2 ** o) * 2 ** o;
      if (split.has(s + ":" + o)) break;
      split.set(s + ":" + o, [s, o]);
    }
  }
  for (const [s, o] of split.values()) {
    const w = x(s + 2 ** o) - x(s);
    for (const half of [s, s + 2 ** (o - 1)]) {
      const low = x(half), high = x(half + 2 ** (o - 1));
      if (high - low >= 6 && o - 1 >= least) body += `<path class="edge" d="M${x(s) + w / 2} ${y(o) + 18}L${(low + high) / 2} ${y(o - 1)}"/>`;
    }
  }
  for (const [s, o] of split.values()) {
    const w = x(s + 2 ** o) - x(s);
    if (w >= 6) body += rect(x(s), y(o), w, 18, "was-split", block(s, o) + " split");
  }
  const drawn = [];
  for (const b of blocks) {
    const w = Math.max(x(b.e) - x(b.s), 1), end = x(b.s) + w;
    if (drawn[b.o] !== undefined && end <= drawn[b.o] + .5) continue;
    drawn[b.o] = end;
    body += rect(x(b.s), y(b.o), w, 18, classOf(b, b.u), wordsFor(b), ofBlock(b));
    const text = hex(b.s);
    if (text.length * 8 + 4 <= w) body += label(x(b.s) + w / 2, y(b.o) + 13, b.u === LENT ? "pfn middle on-dark" : "pfn middle halo", text);
  }
  let bottom = y(least) + 26;
  const bare = pieces.filter(p => !p.whole);
  if (bare.length) {
    body += label(left - 6, bottom + 10, "end aside", width < 560 ? "none" : "no block");
    for (const p of bare) body += rect(x(p.s), bottom, x(p.e) - x(p.s), 10, p.u, wordsFor(p));
    bottom += 16;
  }
  draw("v-tree", bottom, body, `${blocks.length} blocks, of orders ${least} to ${top}`);
}

/// Blocks as they lie on a list, as many as fit.
function chips(pfns, order, use, left, y) {
  let body = "", x = left;
  for (let i = 0; i < pfns.length; i++) {
    const text = hex(pfns[i]), w = text.length * 8 + 8, b = {s: pfns[i], o: order};
    if (x + w + (i + 1 < pfns.length ? 84 : 0) > width - 2) return body + label(x, y + 13, "aside", `${pfns.length - i} more`);
    if (i) body += `<path class="edge" d="M${x - 8} ${y + 9}h6m-3 -3l3 3l-3 3"/>`;
    body += rect(x, y, w, 18, classOf(b, use), `${block(b.s, order)} ${MEANS[use]}, ${i + 1} of ${pfns.length} on its list`, ofBlock(b));
    body += label(x + w / 2, y + 13, "pfn middle halo", text);
    x += w + 10;
  }
  return body;
}

function drawLists(zone) {
  const lists = [...zone.lists].sort(([a], [b]) => (b >> 3) - (a >> 3) || a - b);
  let body = "", y = 2, above = -1;
  for (const [k, pfns] of lists) {
    const order = k >> 3, type = k & 7;
    if (order !== above) body += label(2, y + 13, "aside", width < 560 ? order : "order " + order);
    above = order;
    const left = width < 560 ? 46 : 90;
    body += label(left - 16, y + 13, "", LETTERS[type]) + chips(pfns, order, CLASSES[type], left, y);
    y += 24;
  }
  if (!lists.length) { body = label(2, 15, "aside", "nothing is free"); y = 24; }
  draw("v-lists", y, body, lists.map(([k, p]) => `order ${k >> 3} ${LETTERS[k & 7]}: ${p.length}`).join(", ") || "nothing is free");
}

function drawCpus(zone) {
  let body = "", y = 2;
  const said = [];
  for (const cpu of zone.cpus) {
    let count = 0;
    for (const list of cpu.lists.values()) count += list.pfns.length << list.order;
    const full = Math.max(cpu.high, count);
    body += label(2, y + 13, "aside", "CPU " + cpu.cpu);
    if (count) body += rect(66, y, 120 * count / full, 18, PERCPU);
    body += rect(66, y, 120, 18, "frame") + label(194, y + 13, "", `${count} of ${cpu.high}, batch ${cpu.batch}`);
    said.push(`CPU ${cpu.cpu}: ${count} of ${cpu.high} frames`);
    y += 24;
    for (const [i, list] of [...cpu.lists].sort(([a], [b]) => a - b)) {
      body += label(2, y + 13, "aside", `list ${i}, order ${list.order}`) + chips(list.pfns, list.order, PERCPU, 120, y);
      y += 24;
    }
  }
  draw("v-cpus", Math.max(y, 2), body, said.join("; ") || "none");
}

function drawPageblocks(zone) {
  const pb = zone.pageblocks;
  if (!pb) { $("v-pageblocks").innerHTML = ""; return; }
  const left = gutter(), size = 1 << global.block, columns = Math.floor((width - left) / 16);
  let step = 1;
  while (pb.types.length / step > columns * 12) step *= 2;
  let body = "", rows = 0;
  for (let i = 0; i * step < pb.types.length; i++) {
    const types = pb.types.slice(i * step, (i + 1) * step), start = pb.first + i * step * size;
    const x = left + (i % columns) * 16, y = Math.floor(i / columns) * 16 + 2;
    rows = Math.floor(i / columns) + 1;
    const alike = types.every(t => t === types[0]), use = !alike ? MIXED : types[0] === "x" ? HOLE : CLASSES[+types[0]];
    if (i % columns === 0) body += label(left - 6, y + 11, "pfn end aside", hex(start));
    const inside = start < view.end && view.start < start + step * size && view.end - view.start <= 4 * size;
    body += rect(x, y, 14, 14, inside ? use + " touched" : use, `pageblock ${hex(start)}`, ` data-p="${start}"`);
    if (alike && types[0] !== "x") body += label(x + 7, y + 11, "pfn middle halo", LETTERS[+types[0]]);
  }
  const count = {};
  for (const t of pb.types) count[t] = (count[t] || 0) + 1;
  draw("v-pageblocks", rows * 16 + 2, body, Object.entries(count).map(([t, n]) => t === "x" ? `${n} without memory` : `${n} ${CLASSES[+t]}`).join(", "));
}

function drawMarks(state) {
  let body = "", y = 2;
  const said = [], left = width < 560 ? 2 : 130, top = width < 560 ? 18 : 0;
  state.forEach((zone, z) => {
    if (!zone.present) return;
    const [min, low, high] = zone.marks, most = Math.max(2 * (high + zone.boost), 1), room = Math.min(width - left - 2, 360);
    const x = n => left + room * Math.min(n, most) / most;
    const words = `${zone.free} free; min ${min}, low ${low}, high ${high}` + (zone.boost ? `, boosted by ${zone.boost}` : "");
    body += label(2, y + 13, "aside", zoneName(z));
    const bar = y + top;
    body += rect(left, bar, x(zone.free) - left, 16, zone.free > low ? "gauge" : "low") + rect(left, bar, room, 16, "frame");
    for (const [n, text, cls] of [[min, "min", "end"], [low, "low", "middle"], [high, "high", ""]]) {
      body += `<path class="mark" d="M${x(n + zone.boost)} ${bar - 2}v20"/>` + label(x(n + zone.boost), bar + 29, "pfn aside " + cls, text);
    }
    if (width < 560) body += label(width - 4, y + 13, "end", `${zone.free} free`);
    else if (width > left + room + 300) body += label(left + room + 10, bar + 13, "", words);
    else { body += label(left, bar + 46, "", words); y += 18; }
    said.push(`${zoneName(z)}: ${words}`);
    y += 36 + top;
  });
  draw("v-marks", y, body, said.join("; "));
}

function drawLegend() {
  let x = 2, y = 2, body = "";
  USES.forEach(([cls, words], i) => {
    if (i < 7 && !global.types.includes(i)) return;
    const w = 34 + words.length * 8;
    if (x + w > width) { x = 2; y += 22; }
    body += rect(x, y, 18, 14, cls) + label(x + 24, y + 12, "", words);
    x += w;
  });
  draw("v-legend", y + 18, body, "the colours and patterns of what frames are used for");
}

function redraw() {
  if (!shown.state) return;
  const zone = shown.state[view.zone];
  width = Math.max($("v-strip").clientWidth, 280);
  const blocks = blocksIn(zone, view.start, view.end), pieces = piecesIn(zone, blocks, view.start, view.end);
  drawZones(shown.state);
  drawStrip(zone, pieces);
  drawTree(zone, blocks, pieces);
  drawLists(zone);
  drawCpus(zone);
  drawPageblocks(zone);
  drawMarks(shown.state);
  drawLegend();
  light(lit, false);
}

// ---- pointing ------------------------------------------------------------------------------------
function light(which, tell = true) {
  for (const old of document.querySelectorAll(".lit")) old.classList.remove("lit");
  lit = which;
  if (!which) { if (tell) $("pointed").textContent = ""; return; }
  const [start, order] = which.split(":").map(Number);
  for (const one of document.querySelectorAll(`[data-b="${which}"]`)) one.classList.add("lit");
  const size = 1 << global.block, pageblock = Math.floor(start / size) * size;
  for (const one of document.querySelectorAll(`[data-p="${pageblock}"],rect.touched[data-z="${view.zone}"]`)) one.classList.add("lit");
  if (tell) $("pointed").textContent = describe(start, order);
}

function find(zone, start, order) {
  for (const [k, pfns] of zone.lists) {
    const i = pfns.indexOf(start);
    if (i >= 0 && k >> 3 === order) return `${MEANS[CLASSES[k & 7]]}: ${i + 1} of ${pfns.length} on the list of order ${order}`;
  }
  for (const cpu of zone.cpus) for (const [n, list] of cpu.lists) {
    const i = list.pfns.indexOf(start);
    if (i >= 0 && list.order === order) return `cached: ${i + 1} of ${list.pfns.length} on list ${n} of CPU ${cpu.cpu}`;
  }
  return zone.lent.get(start) === order ? "handed out" : null;
}

function describe(start, order) {
  const zone = shown.state[view.zone], buddy = Number(BigInt(start) ^ (1n << BigInt(order)));
  const what = find(zone, start, order) || "not a block now";
  if (order >= global.top) return `${block(start, order)}: ${what}. It is of the largest order and merges no further.`;
  const other = find(zone, buddy, order);
  return `${block(start, order)}: ${what}. Its buddy is ${block(buddy, order)} (bit ${order} flipped): ${other || "not free as a whole"}.`;
}

function pointOn(by) {
  const blocks = blocksIn(shown.state[view.zone], view.start, view.end);
  if (!blocks.length) return;
  let i = lit ? blocks.findIndex(b => key(b) === lit) : by > 0 ? -1 : blocks.length;
  if (i < 0 && lit) i = -1;
  light(key(blocks[(i + by + blocks.length) % blocks.length]));
}

for (const name of ["zones", "strip", "tree", "lists", "cpus", "pageblocks"]) {
  const place = $("v-" + name);
  place.addEventListener("pointerover", event => {
    const b = event.target.dataset.b;
    if (b) light(b);
  });
  place.addEventListener("click", event => {
    if (event.target.dataset.z) toZone(Number(event.target.dataset.z));
  });
}

// ---- which frames --------------------------------------------------------------------------------
function span(z) { const zone = shown.state[z]; return [zone.start, zone.start + zone.spanned]; }
function toZone(z) { $("follow").checked = false; view.zone = z; [view.start, view.end] = span(z); $("zone").value = z; redraw(); }
function around([low, high]) {
  for (let o = 4; o <= global.top; o++) {
    const start = Math.floor(low / 2 ** o) * 2 ** o;
    if (start + 2 ** o >= high) return [start, start + 2 ** o];
  }
  const size = 2 ** global.top;
  return [Math.floor(low / size) * size, Math.ceil(high / size) * size];
}
function follow() {
  const {zone, range} = shown.touched;
  if (zone === null || !$("follow").checked) return;
  view.zone = zone;
  [view.start, view.end] = around(range);
}
function zoom(closer) {
  $("follow").checked = false;
  const [low, high] = span(view.zone), frames = view.end - view.start;
  const size = closer ? Math.max(2 ** Math.ceil(Math.log2(frames)) / 2, 16) : 2 ** Math.ceil(Math.log2(frames)) * 2;
  const middle = lit ? Number(lit.split(":")[0]) : view.start;
  const start = Math.floor(middle / size) * size;
  view.start = clamp(start, low, high - 1);
  view.end = clamp(start + size, view.start + 1, high);
  redraw();
}
function whole() { $("follow").checked = false; [view.start, view.end] = span(view.zone); redraw(); }

// ---- words ---------------------------------------------------------------------------------------
function chainText(numbers) {
  const [split, fs, fo, ls, lo, ...rest] = numbers, buddies = [];
  for (let i = 0; i < rest.length; i += 2) buddies.push([rest[i], rest[i + 1]]);
  const highest = Math.max(fs, ls, ...buddies.map(b => b[0]));
  const bits = Math.max(12, Math.ceil(highest.toString(2).length / 4) * 4);
  const line = (s, o, flipped, note) => {
    const digits = s.toString(2).padStart(bits, "0").split("");
    const text = digits.map((d, i) => {
      const bit = bits - 1 - i, shown = flipped && bit === o ? `<b>${d}</b>` : d;
      return shown + (bit % 4 === 0 && bit ? " " : "");
    }).join("");
    return `${text}  ${block(s, o)}  <small>${flipped ? `bit ${o} flipped: ` : ""}${note}</small>`;
  };
  const lines = [line(fs, fo, false, split ? "is cut in halves" : "comes back")];
  for (const [s, o] of buddies) lines.push(line(s, o, true, split ? "upper half, stays free" : "its buddy is free: they merge"));
  lines.push(line(ls, lo, false, split ? "is left" : "goes to its list"));
  return `<div class="bits">${lines.join("\n")}</div>`;
}

function drawWords(step, words) {
  if (!words) {
    $("title").textContent = "At the start";
    $("outcome").textContent = $("chains").innerHTML = $("story").innerHTML = "";
    $("live").textContent = `Step 0 of ${steps}: the state at the start.`;
    return;
  }
  const [title, outcome, story, chains] = words;
  $("title").textContent = title;
  $("outcome").textContent = outcome;
  $("chains").innerHTML = chains.slice(0, 4).map(chainText).join("") + (chains.length > 4 ? `<p>and ${chains.length - 4} more</p>` : "");
  $("story").innerHTML = story.split("\n").map(line => {
    const indent = line.length - line.trimStart().length;
    return `<div style="padding-left:${Math.min(indent / 2, 8)}em">${escape(line.trim())}</div>`;
  }).join("");
  $("live").textContent = `Step ${step} of ${steps}: ${title} ${outcome}. ${story.replace(/\s+/g, " ").slice(0, 300)}`;
}

// ---- going ---------------------------------------------------------------------------------------
let going = 0;
async function go(step) {
  step = clamp(Math.round(step) || 0, 0, steps);
  const mine = ++going;
  const words = step ? await wordsOf(step - 1) : null;
  const change = step ? await changeOf(step - 1) : [];
  if (mine !== going) return;
  // From here on nothing but the part of the page that has the state may be waited for.
  const state = await stateAt(step);
  if (mine !== going) return;
  const first = !shown.state;
  shown = {step, state, touched: touchedBy(change)};
  if (first) {
    view.zone = state.reduce((best, zone, z) => zone.present > state[best].present ? z : best, 0);
    [view.start, view.end] = span(view.zone);
  }
  follow();
  $("scrub").value = $("step").value = step;
  $("scrub").setAttribute("aria-valuetext", `step ${step} of ${steps}`);
  $("zone").value = view.zone;
  $("quiz").hidden = true;
  asked = 0;
  if (location.hash !== "#step=" + step) history.replaceState(null, "", "#step=" + step);
  drawWords(step, words);
  redraw();
  document.body.dataset.step = step;
}

async function on() {
  if (shown.step >= steps) { stop(); return; }
  const [, , , , question] = await wordsOf(shown.step);
  if (question && $("predict").checked && !playing) ask(question, shown.step + 1);
  else await go(shown.step + 1);
}

// The step that is asked about before it is shown; 0: none.
let asked = 0;
function ask([prompt, choices, answer, why], step) {
  // Whoever goes on without an answer goes on.
  if (asked === step) { go(step); return; }
  asked = step;
  wordsOf(step - 1).then(([title]) => { $("quiz-head").textContent = `Next: ${title}`; });
  $("verdict").textContent = "";
  $("ask").innerHTML = `<fieldset><legend>${escape(prompt)}</legend>` + choices.map((choice, i) =>
    `<label><input type="radio" name="choice" value="${i}"> ${escape(choice)}</label>`).join("") + "</fieldset>" +
    '<button type="submit">Reveal</button>';
  $("ask").onsubmit = async event => {
    event.preventDefault();
    const chosen = new FormData($("ask")).get("choice");
    const right = chosen !== null && Number(chosen) === answer;
    const verdict = chosen === null ? `It is: ${choices[answer]}` : right ? "Right" : `No, it is: ${choices[answer]}`;
    if (asked) await go(step);
    $("quiz").hidden = false;
    $("verdict").textContent = `${verdict}. ${why}`;
    $("next").focus();
  };
  $("quiz").hidden = false;
  $("ask").querySelector("input").focus();
}

let playing = 0;
function stop() {
  clearInterval(playing);
  playing = 0;
  $("play").setAttribute("aria-pressed", "false");
}
function play() {
  if (playing) { stop(); return; }
  $("play").setAttribute("aria-pressed", "true");
  playing = setInterval(on, 900);
}

async function search(by) {
  const bits = await part("kinds"), wanted = Number($("kind").value);
  for (let step = shown.step + by; step >= 1 && step <= steps; step += by) {
    if (bits[step - 1] & 1 << wanted) { await go(step); return; }
  }
  $("live").textContent = `There is no ${by > 0 ? "further" : "earlier"} step with ${KINDS[wanted]}.`;
  $("pointed").textContent = $("live").textContent;
}

const press = (id, action) => $(id).addEventListener("click", () => action());
press("first", () => go(0));
press("last", () => go(steps));
press("back", () => go(shown.step - 1));
press("next", on);
press("play", play);
press("before", () => search(-1));
press("after", () => search(1));
press("closer", () => zoom(true));
press("farther", () => zoom(false));
press("whole", whole);
press("help", () => { $("keys").hidden = !$("keys").hidden; $("help").setAttribute("aria-expanded", String(!$("keys").hidden)); });
$("scrub").addEventListener("input", () => go(Number($("scrub").value)));
$("step").addEventListener("change", () => go(Number($("step").value)));
$("zone").addEventListener("change", () => toZone(Number($("zone").value)));
$("follow").addEventListener("change", () => { follow(); redraw(); });
addEventListener("hashchange", () => go(fromHash()));
let resized = 0;
addEventListener("resize", () => { cancelAnimationFrame(resized); resized = requestAnimationFrame(redraw); });

const KEYS = {
  ArrowRight: on, ArrowLeft: () => go(shown.step - 1), PageDown: () => go(shown.step + 10), PageUp: () => go(shown.step - 10),
  Home: () => go(0), End: () => go(steps), " ": play, n: () => search(1), b: () => search(-1),
  "]": () => pointOn(1), "[": () => pointOn(-1), "+": () => zoom(true), "-": () => zoom(false), 0: whole,
  z: () => { let z = view.zone; do z = (z + 1) % names.length; while (!shown.state[z].present); toZone(z); },
  f: () => $("follow").click(), p: () => $("predict").click(), "?": () => $("help").click(), Escape: () => light(null),
};
addEventListener("keydown", event => {
  const target = event.target, typing = target.matches("input[type=number],select,input[type=range],input[type=radio]");
  if (event.ctrlKey || event.altKey || event.metaKey || typing || (event.key === " " && target.matches("button,input"))) return;
  const action = KEYS[event.key];
  if (action) { event.preventDefault(); action(); }
});

const fromHash = () => Number((location.hash.match(/step=(\d+)/) || [0, 0])[1]);
$("scrub").max = $("step").max = steps;
$("count").textContent = steps;
$("kind").innerHTML = KINDS.map((kind, i) => `<option value="${i}">${escape(kind)}</option>`).join("");
part("c0").then(({state}) => {
  $("zone").innerHTML = state.map((zone, z) => zone.present ? `<option value="${z}">${escape(zoneName(z))}</option>` : "").join("");
  return go(fromHash());
});

// For whoever tests the page: the state as text, the same whenever the state is; and how many of the
// states that the page holds differ from the one before them moved on.
const text = state => JSON.stringify(state.map(zone => {
  const sorted = map => [...map].sort((a, b) => a[0] - b[0]);
  return {...zone, lent: sorted(zone.lent), lists: sorted(zone.lists), cpus: zone.cpus.map(cpu => ({...cpu, lists: sorted(cpu.lists)}))};
}));
async function drifted() {
  let count = 0;
  for (let chunk = 1; chunk * keyframe < steps; chunk++) {
    const {state, changes} = await part("c" + (chunk - 1));
    const moved = changes.reduce(apply, load(state));
    if (text(moved) !== text(load((await part("c" + chunk)).state))) count++;
  }
  return count;
}
window.pfnlab = {go, drifted, state: () => text(shown.state)};
})();
