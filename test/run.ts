// `npm test`: every test file, two processes at a time. With arguments, `bun test` with these and nothing else.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What runs in one process, the slowest first. A file is of the first part that its path begins with; the last takes
 * the rest. Two files that count milliseconds are never side by side: they are in one part.
 */
const PARTS = ["fault/", "dialect/postgresql", "dialect/", "law/", "node/", "spec/", ""] as const;
type Part = (typeof PARTS)[number];

/** How long a test may take that says nothing of it, in milliseconds: the machine is busy. */
const PATIENCE = 20_000;

/** More would want more connections than a server of PostgreSQL has by default. */
const AT_ONCE = Math.min(2, availableParallelism());

const folder = mkdtempSync(join(tmpdir(), "query-run-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** How a part ended. */
interface Outcome {
  readonly failed: boolean;
  readonly text: string;
}

function start(args: readonly string[], output: number | "inherit"): Bun.Subprocess {
  return Bun.spawn([process.execPath, "test", ...args], {
    cwd: join(import.meta.dir, ".."),
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
}

/** Runs files; what they print is kept in the order in which they print it. */
async function run(name: string, files: readonly string[]): Promise<Outcome> {
  const path = join(folder, name.replaceAll("/", "-"));
  const output = openSync(path, "a");
  const failed = (await start([`--timeout=${PATIENCE}`, ...files], output).exited) !== 0;
  closeSync(output);
  return { failed, text: readFileSync(path, "utf8") };
}

function filesOf(): Map<Part, string[]> {
  const files = new Map<Part, string[]>(PARTS.map((part) => [part, []]));
  for (const path of [...new Bun.Glob("**/*.test.ts").scanSync(import.meta.dir)].toSorted())
    files.get(PARTS.find((part) => path.startsWith(part))!)!.push(`./test/${path}`);
  return files;
}

/** What `bun test` counts at the end of a run. */
const COUNTS = {
  pass: /^ *(\d+) pass$/m,
  skip: /^ *(\d+) skip$/m,
  fail: /^ *(\d+) fail$/m,
  tests: /^Ran (\d+) tests?/m,
  files: /^Ran .* (\d+) files?/m,
} as const;

/** The sums of all parts. */
function counted(outcomes: readonly Outcome[]): string {
  const sum = (count: RegExp): number =>
    outcomes.reduce((all, { text }) => all + Number(count.exec(text)?.[1] ?? 0), 0);
  return Object.entries(COUNTS)
    .map(([name, count]) => `${sum(count).toLocaleString("en")} ${name}`)
    .join(", ");
}

async function everything(): Promise<boolean> {
  const began = performance.now();
  const outcomes: Outcome[] = [];
  const waiting = [...filesOf()];
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await run(next[0] || "rest", next[1]);
      outcomes.push(outcome);
      await Bun.write(Bun.stdout, outcome.text);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  for (const { text } of outcomes) for (const [line] of text.matchAll(/^\(fail\) .*/gm)) console.log(line);
  console.log(`${counted(outcomes)} in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return outcomes.some(({ failed }) => failed);
}

const args = process.argv.slice(2);
const failed = args.length > 0 ? (await start(args, "inherit").exited) !== 0 : await everything();
process.exitCode = failed ? 1 : 0;
