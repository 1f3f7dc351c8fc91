// What is drawn of a state. Every view is drawn anew at every step.

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
const drawn = new Map();
function draw(id, height, body, alt) {
  // What looks as before is left as it is.
  const now = width + ":" + height + body;
  if (drawn.get(id) === now) return;
  drawn.set(id, now);
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
  const ends = [];
  for (const b of blocks) {
    const w = Math.max(x(b.e) - x(b.s), 1), end = x(b.s) + w;
    if (ends[b.o] !== undefined && end <= ends[b.o] + .5) continue;
    ends[b.o] = end;
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
      // The first lists are numbered 3 · order + type; those of huge pages are behind them.
      const type = i < 12 ? LETTERS[global.types[i % 3]] : "";
      body += label(2, y + 13, "aside", `order ${list.order} ${type}`) + chips(list.pfns, list.order, PERCPU, 120, y);
      y += 24;
    }
  }
  draw("v-cpus", Math.max(y, 2), body, said.join("; ") || "none");
}

function drawPageblocks(zone) {
  const pb = zone.pageblocks;
  if (!pb) { draw("v-pageblocks", 0, "", "none"); return; }
  const left = gutter(), size = 1 << global.block, columns = Math.floor((width - left) / 16);
  let step = 1;
  while (pb.types.length / step > columns * 12) step *= 2;
  let body = "", rows = 0, last = null;
  for (let i = 0; i * step < pb.types.length; i++) {
    const types = pb.types.slice(i * step, (i + 1) * step), start = pb.first + i * step * size;
    const x = left + (i % columns) * 16, y = Math.floor(i / columns) * 16 + 2;
    rows = Math.floor(i / columns) + 1;
    const alike = types.every(t => t === types[0]), use = !alike ? MIXED : types[0] === "x" ? HOLE : CLASSES[+types[0]];
    // A letter where a row or another type begins.
    const begins = use !== last || i % columns === 0;
    last = use;
    if (i % columns === 0) body += label(left - 6, y + 11, "pfn end aside", hex(start));
    const inside = start < view.end && view.start < start + step * size && view.end - view.start <= 4 * size;
    body += rect(x, y, 14, 14, inside ? use + " touched" : use, `pageblock ${hex(start)}`, ` data-p="${start}"`);
    if (begins && alike && types[0] !== "x") body += label(x + 7, y + 11, "pfn middle halo", LETTERS[+types[0]]);
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

