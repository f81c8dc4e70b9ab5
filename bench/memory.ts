// What a large answer takes of a server's memory at its peak, allowed, refused, and made though it is larger than the limit.
// `bun bench/memory.ts [--driver bun:sqlite,libsql,postgresql]`, on Linux. Each figure is that of a process of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { dropHeavy, fillHeavy, memoryOf, spawnHeavy } from "../test/fault/heavy-rows.ts";
import { NO_SERVER, SERVER } from "./postgresql.ts";

const { values: flags } = parseArgs({
  options: { driver: { type: "string", default: "bun:sqlite,libsql,postgresql" } },
});
const MIB = 2 ** 20;
/** Lists of a hundred texts of 50 kB each. */
const QUESTIONS = [
  { title: "14 MiB, allowed", lists: 3, limit: [] },
  { title: "95 MiB, refused", lists: 20, limit: [] },
  { title: "477 MiB, refused", lists: 100, limit: [] },
  { title: "477 MiB, the limit lifted", lists: 100, limit: ["lifted"] },
] as const;

const folder = mkdtempSync(join(tmpdir(), "bench-memory-"));
console.log("| database | answer | status | MiB at the peak | ms |\n| --- | --- | ---: | ---: | ---: |");
for (const driver of flags.driver.split(",")) {
  if (driver === "postgresql" && SERVER === undefined) {
    console.error(NO_SERVER);
    continue;
  }
  const place = driver === "postgresql" ? SERVER! : join(folder, `${driver.replace(":", "-")}.db`);
  await fillHeavy(driver, place);
  for (const { title, lists, limit } of QUESTIONS) {
    const { child, url } = await spawnHeavy(driver, place, limit);
    await (await fetch(`${url}pages?select=(limit:1)`)).text();
    const { now } = memoryOf(child.pid);
    const started = performance.now();
    const response = await fetch(`${url}pages?select=(limit:${lists},with:(others:T))`);
    for await (const _ of response.body!); // keeps nothing of it
    const milliseconds = performance.now() - started;
    const peak = (memoryOf(child.pid).most - now) / MIB;
    console.log(
      `| ${driver} | ${title} | ${response.status} | ${peak.toFixed(0)} | ${milliseconds.toFixed(0)} |`,
    );
    child.kill("SIGKILL");
    await child.exited;
  }
  if (driver === "postgresql") await dropHeavy(place);
}
rmSync(folder, { recursive: true, force: true });
