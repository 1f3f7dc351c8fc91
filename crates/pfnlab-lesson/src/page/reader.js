// What a reader does: points, chooses frames, steps, searches, predicts.

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
/// What lies around frames, so that they are seen among their neighbours.
function around([low, high]) {
  for (let o = 6; o <= global.top; o++) {
    const start = Math.floor(low / 2 ** o) * 2 ** o;
    if (2 ** o >= 4 * (high - low) && start + 2 ** o >= high) return [start, start + 2 ** o];
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
  $("title").textContent = "Operation " + title;
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
  wordsOf(step - 1).then(([title]) => { $("quiz-head").textContent = `Next, operation ${title}`; });
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
