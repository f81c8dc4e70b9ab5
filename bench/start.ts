// From `import` to the first answer, and what it takes of memory and of disk: `bun bench/start.ts [--rounds n] [--write]`. Every
// figure is that of the package as it is built, and of processes that have done nothing before.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../test/support/bundle.ts";
import { installed } from "../test/support/node.ts";
import { machine } from "./machine.ts";
import { median } from "./median.ts";
import { commandOn, ENVIRONMENT, lacks, versionOfNode } from "./node.ts";
import { writeTables } from "./page.ts";
import type { Driver, Runtime } from "./rival/rival.ts";
import { createData } from "./sqlite.ts";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "9" }, write: { type: "boolean", default: false } },
});
const rounds = Number(flags.rounds);
const MIB = 2 ** 20;
const PLACES: readonly { readonly runtime: Runtime; readonly driver: Driver; readonly title: string }[] = [
  { runtime: "bun", driver: "bun", title: "Bun, bun:sqlite" },
  { runtime: "bun", driver: "libsql", title: "Bun, libSQL" },
  { runtime: "node", driver: "better-sqlite3", title: "Node, better-sqlite3" },
  { runtime: "node", driver: "libsql", title: "Node, libSQL" },
];

/** What a process says of itself. */
type Said = Readonly<Record<string, number>>;

/** Runs a program in a fresh process; `whole` is how long its parent waited for what it says. */
async function run(runtime: Runtime, program: string, ...words: readonly string[]): Promise<Said> {
  const command = await commandOn(runtime, program);
  const began = performance.now();
  const child = Bun.spawn([...command, ...words], {
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...ENVIRONMENT, NODE_ENV: "production" },
  });
  const text = await new Response(child.stdout).text();
  const whole = performance.now() - began;
  if ((await child.exited) !== 0) throw new Error(`${program} ${words.join(" ")} failed`);
  return { ...(JSON.parse(text) as Said), whole };
}

/** The medians of what several processes say. */
const middle = (said: readonly Said[]): Said =>
  Object.fromEntries(Object.keys(said[0]!).map((name) => [name, median(said.map((one) => one[name]!))]));

const lines: string[] = [];
function say(line: string): void {
  lines.push(line);
  console.log(line);
}

const row = (...cells: readonly string[]): void => say(`| ${cells.join(" | ")} |`);

async function firstAnswers(file: string): Promise<void> {
  say(`\nUntil the first answer (W1), ms in the process, median of ${rounds} processes:\n`);
  row("", "", "driver and Drizzle", "`import`", "start", "answer", "the process, whole", "RSS MiB");
  row("---", "---", "---:", "---:", "---:", "---:", "---:", "---:");
  for (const { runtime, driver, title } of PLACES) {
    const lack = runtime === "node" ? lacks(driver) : undefined;
    if (lack !== undefined) {
      console.error(`${title} is left out: ${lack}`);
      continue;
    }
    const said = { ours: [] as Said[], drizzle: [] as Said[] };
    for (let round = 0; round < rounds; round++)
      for (const rival of ["ours", "drizzle"] as const)
        said[rival].push(await run(runtime, "start/first.ts", rival, driver, file));
    for (const [rival, name] of [
      ["ours", "ours"],
      ["drizzle", "Drizzle by hand"],
    ] as const) {
      const { open, import: imported, start, answer, whole, rss } = middle(said[rival]);
      const times = rival === "ours" ? [open, imported, start, answer, whole] : [open, 0, 0, answer, whole];
      const cells = times.map((time) => (time === 0 ? "" : time!.toFixed(1)));
      row(rival === "ours" ? title : "", name, ...cells, (rss! / MIB).toFixed(0));
    }
  }
}

async function registries(): Promise<void> {
  const processes = Math.max(3, rounds >> 1);
  say(`\nResources, each with twelve rules for three roles, median of ${processes} processes:\n`);
  row(
    "",
    "resources",
    "start ms",
    "on the processor",
    "first answer ms",
    "RSS MiB",
    "CPU µs of a request, warm",
  );
  row("---", "---:", "---:", "---:", "---:", "---:", "---:");
  for (const { runtime, driver, title } of PLACES) {
    if (driver === "libsql" || (runtime === "node" && lacks(driver) !== undefined)) continue;
    const said = new Map(["5", "200"].map((resources) => [resources, [] as Said[]]));
    for (let round = 0; round < processes; round++)
      for (const [resources, list] of said)
        list.push(await run(runtime, "start/registry.ts", resources, driver));
    for (const [resources, list] of said) {
      const { start, thread, first, rss, request } = middle(list);
      const times = [start!, thread!, first!].map((time) => time.toFixed(1));
      row(resources === "5" ? title : "", resources, ...times, (rss! / MIB).toFixed(0), request!.toFixed(1));
    }
  }
}

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
}

const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

async function sizes(): Promise<void> {
  const root = join(import.meta.dir, "..");
  const folder = mkdtempSync(join(tmpdir(), "query-pack-"));
  try {
    for (const name of ["package.json", "README.md", "SECURITY.md", "LICENSE", "docs"])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    const built = join(await installed(), "node_modules/@bepalo/query/dist");
    cpSync(built, join(folder, "dist"), { recursive: true });
    const pack = ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"];
    const { stdout } = Bun.spawnSync(pack, { cwd: folder });
    const [{ size, unpackedSize, entryCount }] = JSON.parse(stdout.toString()) as [Packed];
    say("\nSizes:\n");
    row("", "", "");
    row("---", "---:", "---:");
    row("the package", `${kb(size)} packed`, `${kb(unpackedSize)} in ${entryCount} files`);
    for (const entry of ["client/index.ts", "client/tanstack.ts"]) {
      const { minified, gzipped } = await bundle(entry);
      row(
        `${entry}, bundled for a page`,
        `${gzipped.toLocaleString("en")} B gzipped`,
        `${kb(minified)} minified`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const folder = mkdtempSync(join(tmpdir(), "query-start-"));
try {
  const file = join(folder, "data.db");
  createData(file);
  say(machine(`Bun ${Bun.version}, Node ${versionOfNode()}`));
  await firstAnswers(file);
  await registries();
  await sizes();
  if (flags.write) writeTables("start", lines);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
