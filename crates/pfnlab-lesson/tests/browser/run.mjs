// Opens lessons in a browser, from the file system, and does what a reader does.
//
//   node run.mjs PFNLAB TRACE [FOLDER]
//
// makes a lesson of TRACE with the program PFNLAB. With a FOLDER the screenshots are kept there.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [pfnlab, trace, pictures] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "lesson-"));
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
let checks = 0;
function check(what, ok, seen = "") {
  checks += 1;
  if (!ok) throw new Error(`${what}${seen === "" ? "" : `: ${seen}`}`);
}

async function open(url, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, ...options });
  page.on("console", message => { throw new Error(`console: ${message.text()}`); });
  page.on("pageerror", error => { throw error; });
  page.on("request", request => {
    check("no request", /^(file|data|blob):/.test(request.url()), request.url());
  });
  await page.goto(url);
  await page.waitForSelector("body[data-step]");
  return page;
}
const stepOf = page => page.evaluate(() => Number(document.body.dataset.step));
const at = (page, step) => page.waitForFunction(step => document.body.dataset.step === String(step), step);
const state = page => page.evaluate(() => pfnlab.state());
const go = (page, step) => page.evaluate(step => pfnlab.go(step), step);
const picture = async (page, name) => {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};

/// The state behind every step is the same forward, back, and gone to at once.
async function backAndForth(url, count) {
  const page = await open(url);
  const seen = [await state(page)];
  for (let step = 1; step <= count; step++) {
    await page.keyboard.press("ArrowRight");
    await at(page, step);
    seen.push(await state(page));
  }
  check("operations change something", new Set(seen).size > 1);
  for (let step = count - 1; step >= 0; step--) {
    await page.keyboard.press("ArrowLeft");
    await at(page, step);
    check(`back at ${step}`, await state(page) === seen[step]);
  }
  for (let step = 0; step <= count; step += Math.max(1, count >> 3)) {
    const direct = await open(`${url}#step=${step}`);
    check(`deep link to ${step}`, await state(direct) === seen[step]);
    await direct.close();
  }
  await page.close();
}

/// Every command can be given by key.
async function keys(url, count) {
  const page = await open(url);
  const press = key => page.keyboard.press(key);
  await press("End");
  await at(page, count);
  await press("Home");
  await at(page, 0);
  await press("PageDown");
  await at(page, Math.min(10, count));
  await press("PageUp");
  await at(page, 0);
  await press("n");
  await page.waitForFunction(() => document.body.dataset.step !== "0");
  const found = await stepOf(page);
  check("a split is shown", (await page.textContent("#chains")).includes("is cut in halves"));
  check("it is said aloud", (await page.textContent("#live")).startsWith(`Step ${found} of`));
  await press("]");
  check("a block is pointed at", (await page.textContent("#pointed")).includes("Its buddy is")
    || (await page.textContent("#pointed")).includes("largest order"));
  const places = await page.evaluate(() =>
    [...document.querySelectorAll("figure")].filter(one => one.querySelector(".lit")).length);
  check("it lights up in all views that have it", places >= 4, places);
  await press("Escape");
  check("and no more", await page.evaluate(() => !document.querySelector(".lit")));
  await press("n");
  await press("b");
  const scale = () => page.textContent("#scale");
  const before = await scale();
  await press("0");
  await press("+");
  await press("+");
  await press("-");
  check("frames can be chosen", typeof before === "string");
  const zone = () => page.inputValue("#zone");
  const first = await zone();
  await press("z");
  const zones = await page.evaluate(() => document.querySelectorAll("#zone option").length);
  check("zones can be chosen", zones === 1 || await zone() !== first);
  await press("f");
  check("following can be chosen", await page.isChecked("#follow"));
  await press("?");
  check("the keys are told", await page.isVisible("#keys"));
  await press("Home");
  await at(page, 0);
  await press(" ");
  await page.waitForFunction(() => Number(document.body.dataset.step) >= 2);
  await press(" ");
  check("it stops", await page.getAttribute("#play", "aria-pressed") === "false");
  await page.close();
}

/// A question comes before the operation; the answer goes on.
async function predict(url) {
  const page = await open(url);
  await page.keyboard.press("p");
  for (let step = 0; step < 200; step++) {
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(step =>
      document.body.dataset.step === String(step + 1) || !document.getElementById("quiz").hidden, step);
    if (await page.isVisible("#ask fieldset")) break;
  }
  check("a question is asked", await page.isVisible("#ask fieldset"));
  const asked = await stepOf(page);
  await page.keyboard.press(" ");
  await page.click("#ask button");
  await at(page, asked + 1);
  await page.waitForFunction(() => document.getElementById("verdict").textContent !== "");
  check("it is judged", /^(Right|No, it is)/.test(await page.textContent("#verdict")));
  await picture(page, "predict");
  await page.close();
}

async function looks(url) {
  for (const [name, options, media] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["phone", { viewport: { width: 360, height: 740 } }],
    ["print", {}, "print"],
    ["still", { reducedMotion: "reduce" }],
  ]) {
    const page = await open(url + "#step=2", options);
    if (media) await page.emulateMedia({ media });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(`${name}: nothing is cut off`, wide <= 0, `${wide} pixels too wide`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run());
    const said = violations.map(one => `${one.id}: ${one.nodes.map(node => node.target).join(" ")}`);
    check(`${name}: axe-core`, violations.length === 0, said.join("\n"));
    await picture(page, name);
    await page.close();
  }
}

/// How long it takes to open, to go anywhere, and to go one step as a scrubber does, in milliseconds;
/// and how long the page's thread works for it, whatever else the machine does meanwhile.
async function speed(url, count) {
  let page, opened = Infinity;
  // The machine does other things, too: the best of three.
  for (let i = 0; i < 3; i++) {
    await page?.close();
    const begun = performance.now();
    page = await open(url);
    opened = Math.min(opened, performance.now() - begun);
  }
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * metrics.find(one => one.name === "TaskDuration").value;
  };
  const timed = async steps => {
    const before = await worked();
    const times = await page.evaluate(async steps => {
      const times = [];
      for (const step of steps) {
        const begun = performance.now();
        await pfnlab.go(step);
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - begun);
      }
      return times.sort((a, b) => a - b);
    }, steps);
    return { work: (await worked() - before) / steps.length, median: times[times.length >> 1], worst: times.at(-1) };
  };
  const anywhere = await timed(Array.from({ length: 60 }, (_, i) => Math.floor(count * (i * 37 % 61) / 61)));
  const middle = count >> 1, some = Math.min(60, count - middle);
  const onward = await timed(Array.from({ length: some }, (_, i) => middle + i + 1));
  const back = await timed(Array.from({ length: some }, (_, i) => middle + some - i - 1));
  await page.close();
  return { opened, anywhere, onward, back };
}

try {
  const lesson = join(folder, "lesson.html");
  execFileSync(pfnlab, ["lesson", trace, "-o", lesson]);
  const url = `file://${lesson}`;
  const page = await open(url);
  const count = await page.evaluate(() => Number(document.getElementById("count").textContent));
  await page.close();
  const { size } = statSync(lesson);
  console.log(`${trace}: ${count} operations, ${size} bytes`);
  if (count <= 1000) {
    check("a lesson is small", size < 500_000, size);
    await backAndForth(url, count);
    await keys(url, count);
    await predict(url);
    await looks(url);
  }
  const long = await open(url);
  check("every state the page holds follows from the one before", await long.evaluate(() => pfnlab.drifted()) === 0);
  await long.close();
  const { opened, ...moves } = await speed(url, count);
  console.log(`opens in ${opened.toFixed()} ms`);
  for (const [name, { work, median, worst }] of Object.entries(moves)) {
    console.log(`${name}: works ${work.toFixed()} ms; ${median.toFixed()} ms until it is seen, at worst ${worst.toFixed()} ms`);
    check(`going ${name}`, work < 100, work);
  }
  check("it opens at once", opened < 2000, opened);
  check("a long lesson is not large", size < 5_000_000, size);
  console.log(`${checks} checks passed`);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
