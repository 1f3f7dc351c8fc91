// Has a Chrome trace read by the parser of Chrome's own viewer, the Performance panel of DevTools.
//
//   node viewers.mjs PFNLAB TRACE
//
// exports TRACE with the program PFNLAB. Every operation must be there, with its length, on its CPU's row; one that
// no CPU does (split, sysctl, zone-flags: -1) on a row of its own.
import { execFileSync } from "node:child_process";

globalThis.DOMRect ??= class DOMRect {};
const { Processor } = await import("@paulirish/trace_engine");

const [pfnlab, trace] = process.argv.slice(2);
const run = (...args) => execFileSync(pfnlab, ["export", trace, ...args, "-o", "-"], { maxBuffer: 1 << 30 }).toString();
const { traceEvents } = JSON.parse(run("--to", "chrome"));
const rows = run("--to", "jsonl").trim().split("\n").map(line => JSON.parse(line));

const processor = Processor.TraceProcessor.createWithAllHandlers();
await processor.parse(traceEvents, { isCPUProfile: false });
const { Renderer } = processor.data;
const threads = [...Renderer.processes.values()].flatMap(one => [...one.threads.entries()]);
const wrong = [];
for (const [tid, thread] of threads) {
  const cpu = thread.name === "no CPU" ? -1 : tid;
  const read = thread.entries.map(one => `${one.ts} ${one.dur} ${one.name}`);
  const said = rows.filter(row => row.cpu === cpu).map(row => `${row.step} 1 ${row.op}`);
  if (cpu >= 0 && thread.name !== `CPU ${tid}`) wrong.push(`row ${tid} is called ${thread.name}`);
  if (read.join("\n") !== said.join("\n")) wrong.push(`row ${tid}: ${read.length} operations where ${said.length} should be`);
}
const cpus = new Set(rows.map(row => row.cpu));
if (threads.length !== cpus.size) wrong.push(`${threads.length} rows where ${cpus.size} should be`);
console.log(`a Chrome trace: ${traceEvents.length} events, ${rows.length} operations on ${threads.length} rows read by DevTools' parser, ${wrong.length} failed`);
if (wrong.length) {
  console.log(wrong.join("\n"));
  process.exit(1);
}
