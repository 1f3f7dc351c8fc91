// Opens every page of the book, from the file system, as different readers see it.
//
//   node book.mjs BOOK [FOLDER]
//
// BOOK is the folder mdBook built. With a FOLDER the screenshots are kept there.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [book, pictures] = process.argv.slice(2);
const axe = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const pages = ["", "course"].flatMap(folder => readdirSync(join(book, folder))
  .filter(name => name.endsWith(".html") && !/^(404|index|print|toc)\.html$|-steps\.html$/.test(name) || folder && name === "index.html")
  .map(name => join(folder, name))).sort();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--allow-file-access-from-files"],
});
const wrong = [];
let checks = 0;
function check(what, ok, seen = "") {
  checks += 1;
  if (!ok) wrong.push(`${what}: ${seen}`);
}

/// Wider than this page, and not in something that scrolls by itself.
const sticksOut = () => [...document.querySelectorAll("main *")].filter(one => {
  if (one.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let at = one.parentElement; at; at = at.parentElement) {
    if (/auto|scroll|hidden/.test(getComputedStyle(at).overflowX)) return false;
  }
  return true;
}).map(one => `${one.tagName} ${one.textContent.slice(0, 40)}`);

// Of these screenshots are kept: text, tables, pictures, listings.
const SHOWN = /splitting|course.index|benchmarks|rules|fallback|kill-matrix/;

const LOOKS = [
  ["light", { viewport: { width: 1200, height: 900 }, colorScheme: "light" }],
  ["dark", { viewport: { width: 1200, height: 900 }, colorScheme: "dark" }],
  ["phone", { viewport: { width: 360, height: 740 }, colorScheme: "light" }],
  ["print", { viewport: { width: 800, height: 1100 }, colorScheme: "light" }, "print"],
];

for (const [look, options, media] of LOOKS) {
  const page = await browser.newPage(options);
  // A machine that does much else may take its time.
  page.setDefaultTimeout(180_000);
  let at = look;
  page.on("pageerror", error => check(at, false, error));
  page.on("console", message => {
    if (message.type() === "error") check(at, false, message.text());
  });
  page.on("request", request => {
    check(at, /^(file|data|blob|about):/.test(request.url()), `asks for ${request.url()}`);
  });
  if (media) await page.emulateMedia({ media });
  for (const name of pages) {
    at = `${name}, ${look}`;
    await page.goto(`file://${resolve(book)}/${name}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(at, wide <= 0, `${wide} pixels too wide: ${(await page.evaluate(sticksOut)).slice(0, 3)}`);
    const missing = await page.evaluate(() =>
      [...document.images].filter(one => one.complete && one.naturalWidth === 0).map(one => one.src));
    check(at, missing.length === 0, `no picture: ${missing}`);
    if (!media) {
      await page.evaluate(axe);
      // Frames are pages of their own: run.mjs looks at such a page. The hidden switch of the sidebar
      // and the bar above are mdBook's, the same on every page of every book.
      const { violations } = await page.evaluate(() => axe.run(
        { exclude: [["#mdbook-sidebar-toggle"], ["#mdbook-menu-bar"]] },
        { iframes: false, resultTypes: ["violations"] },
      ));
      const said = violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.target} ${node.any[0]?.message ?? ""}`));
      check(at, violations.length === 0, said.slice(0, 4).join("\n    "));
    }
    if (pictures && SHOWN.test(name)) {
      await page.screenshot({ path: join(pictures, `${look}-${name.replace("/", "-")}.png`), fullPage: true });
    }
  }
  await page.close();
}

/// A prediction is answered by key, wrong and right.
async function predict(name) {
  const page = await browser.newPage();
  await page.goto(`file://${resolve(book)}/${name}`);
  const quiz = page.locator(".predict").first();
  const right = Number(await quiz.getAttribute("data-answer"));
  const choices = await quiz.locator("input[type=radio]").count();
  const answers = [right % choices + 1, right];
  for (const answer of answers) {
    await quiz.locator("input[type=radio]").first().focus();
    await page.keyboard.press("Space");
    for (let at = 1; at < answer; at++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const verdict = await quiz.locator("output").textContent();
    check(`${name}, answer ${answer}`, answer === right ? verdict === "Right." : verdict.startsWith("No, it is: "), verdict);
    check(`${name}: why`, await quiz.locator("details").evaluate(one => one.open));
    check(`${name}: still there`, page.url().endsWith(name), page.url());
  }
  await page.close();
  return choices;
}
const asked = pages.filter(name => readFileSync(join(book, name), "utf8").includes('class="predict"'));
for (const name of asked) await predict(name);
check("ten lessons ask", asked.length === 10, asked.length);
await browser.close();
console.log(`the book: ${pages.length} pages in ${LOOKS.length} looks, ${checks} checks (axe-core in ${LOOKS.filter(([, , media]) => !media).length} looks; predictions by key on ${asked.length} pages), ${wrong.length} failed`);
if (wrong.length) {
  console.log(wrong.join("\n"));
  process.exit(1);
}
