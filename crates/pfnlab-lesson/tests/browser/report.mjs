// Opens reports in a browser, from the file system, as different readers see them.
//
//   node report.mjs PFNLAB SCENARIO [FOLDER]
//
// makes a report of SCENARIO with the program PFNLAB, two runs side by side. With a FOLDER the screenshots of
// the pages and of every picture are kept there.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [pfnlab, scenario, pictures] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "report-"));
const file = join(folder, "report.html");
execFileSync(pfnlab, ["report", scenario, "-o", file, "--set", "profile=linux-4.14"], { stdio: "ignore" });
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const wrong = [];
let checks = 0;
function check(what, ok, seen = "") {
  checks += 1;
  if (!ok) wrong.push(`${what}: ${seen}`);
}

async function open(look, options) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(180_000);
  page.on("pageerror", error => check(look, false, error));
  page.on("console", message => check(look, false, `console: ${message.text()}`));
  page.on("request", request => {
    check(look, /^(file|data|blob|about):/.test(request.url()), `asks for ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  return page;
}

/// Pictures without a name for those who do not see them, without a size, or wider than what they are in.
const badPictures = () => [...document.querySelectorAll("svg")].filter(one => {
  const named = one.getAttribute("aria-label") || one.querySelector(":scope > title") || one.getAttribute("aria-hidden") === "true";
  const { width, height } = one.getBoundingClientRect();
  return !named || width < 1 || height < 1;
}).map(one => one.outerHTML.slice(0, 80));

let count = 0;
for (const [look, options] of [
  ["light", { viewport: { width: 1200, height: 900 }, colorScheme: "light" }],
  ["dark", { viewport: { width: 1200, height: 900 }, colorScheme: "dark" }],
  ["phone", { viewport: { width: 360, height: 740 }, colorScheme: "light" }],
]) {
  const page = await open(look, options);
  const figures = page.locator("svg");
  count = await figures.count();
  check(`${look}: there are pictures`, count > 5, count);
  const bad = await page.evaluate(badPictures);
  check(`${look}: every picture has a name and a size`, bad.length === 0, bad.slice(0, 3));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(`${look}: fits`, wide <= 0, `${wide} pixels too wide`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  const said = violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.target} ${node.any[0]?.message ?? ""}`));
  check(`${look}: axe-core`, violations.length === 0, said.slice(0, 4).join("\n    "));
  if (pictures) {
    await page.screenshot({ path: join(pictures, `report-${look}.png`), fullPage: true });
    for (let at = 0; look !== "phone" && at < count; at++) {
      await figures.nth(at).screenshot({ path: join(pictures, `report-${look}-${at}.png`) });
    }
  }
  await page.close();
}

/// Tab goes through every link and table of numbers in their order; Enter opens a table, Space closes it.
const page = await open("keys", { viewport: { width: 1200, height: 900 } });
const stops = await page.evaluate(() => document.querySelectorAll("a[href], summary").length);
let tables = 0;
for (let at = 0; at < stops; at++) {
  await page.keyboard.press("Tab");
  const there = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], summary")];
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return {
      at: all.indexOf(document.activeElement),
      table: document.activeElement.tagName === "SUMMARY",
      framed: outlineStyle !== "none" && outlineWidth !== "0px",
    };
  });
  check("keys: in order", there.at === at, `${there.at} where ${at} should be`);
  check("keys: what is next has a frame", there.framed, at);
  if (!there.table) continue;
  tables += 1;
  const isOpen = () => page.evaluate(() => document.activeElement.parentElement.open);
  const before = await isOpen();
  await page.keyboard.press("Enter");
  check("keys: Enter opens or closes", await isOpen() !== before, at);
  await page.keyboard.press("Space");
  check("keys: Space does, too", await isOpen() === before, at);
}
check("keys: there are tables", tables > 3, tables);
await browser.close();
rmSync(folder, { recursive: true });
console.log(`a report: ${count} pictures in 3 looks, ${stops} stops by key, ${checks} checks, ${wrong.length} failed`);
if (wrong.length) {
  console.log(wrong.join("\n"));
  process.exit(1);
}
