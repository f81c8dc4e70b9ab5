// `npm test`: every test file, two processes at a time and one that mostly waits. With arguments, `bun test` with these and nothing else.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What runs in one process, the slowest first and the quick ones last, so that both end at once. A file is of the part
 * whose name is the longest that its path begins with.
 */
const PARTS = [
  "fault/",
  "law/",
  "spec/",
  "dialect/postgresql",
  "node/",
  // What stands in the folder itself drives browsers and programs, and waits for them.
  "",
  "unit/",
  "dialect/",
  "attack/",
  "openapi/",
  "cli/",
  // What keeps a process busy on purpose has one of its own.
  "load/",
  "client/",
  "types/",
] as const;
type Part = (typeof PARTS)[number];

/** How long a test may take that says nothing of it, in milliseconds: the machine is busy. */
const PATIENCE = 20_000;

/** More would want more connections than a server of PostgreSQL has by default. */
const AT_ONCE = Math.min(2, availableParallelism());
/** What mostly waits runs beside the others. */
const WAITING: Part = "fault/";

/**
 * Where so much code runs so seldom, most compilations for code that runs for long are in vain, and so is it to give
 * memory back that is wanted again at once: together a quarter of the time.
 */
const SETTINGS = {
  BUN_JSC_useFTLJIT: "0",
  MIMALLOC_PURGE_DELAY: "-1",
  // Of those that are under way at once in one process, hundreds are streams, and answers that no test has read.
  BUN_CONFIG_MAX_HTTP_REQUESTS: "4096",
} as const;

/** Where files are in memory, on Linux: a commit need not wait for a disk, which a third of the time goes to. */
const MEMORY = "/dev/shm";
const ROOM = 2 ** 30;
const hasRoom = (path: string): boolean => {
  if (!existsSync(path)) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= ROOM;
};

const folder = mkdtempSync(join(hasRoom(MEMORY) ? MEMORY : tmpdir(), "query-run-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** How a part ended, and what it printed. */
interface Outcome {
  readonly code: number;
  readonly text: string;
}

function start(args: readonly string[], output: number | "inherit", env = {}): Bun.Subprocess {
  return Bun.spawn([process.execPath, "test", ...args], {
    cwd: join(import.meta.dir, ".."),
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
}

/** Runs files; what they print is kept in the order in which they print it. */
async function run(part: Part, files: readonly string[]): Promise<Outcome> {
  const path = join(folder, `${PARTS.indexOf(part)}`);
  const output = openSync(path, "a");
  const began = performance.now();
  const env = { ...SETTINGS, TMPDIR: folder, QUERY_TEST_PACKAGE: join(folder, "package") };
  const code = await start([`--timeout=${PATIENCE}`, ...files], output, env).exited;
  closeSync(output);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  return { code, text: `${readFileSync(path, "utf8")}test/${part} took ${seconds} s\n` };
}

/** The files of each part that has some. */
function filesOf(): [Part, string[]][] {
  const paths = [...new Bun.Glob("**/*.test.ts").scanSync(import.meta.dir)].toSorted();
  const longest = PARTS.toSorted((a, b) => b.length - a.length);
  const partOf = (path: string): Part => longest.find((part) => path.startsWith(part))!;
  return PARTS.map((part): [Part, string[]] => [
    part,
    paths.filter((path) => partOf(path) === part).map((path) => `./test/${path}`),
  ]).filter(([, files]) => files.length > 0);
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

/** Runs all parts and says how they ended: whether none failed. */
async function everything(): Promise<boolean> {
  const began = performance.now();
  const outcomes = new Map<Part, Outcome>();
  const parts = filesOf();
  const beside = parts.filter(([part]) => part === WAITING);
  const others = parts.filter(([part]) => part !== WAITING);
  const lane = async (queue: (typeof parts)[number][]): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [part, files] = next;
      const outcome = await run(part, files);
      outcomes.set(part, outcome);
      await Bun.write(Bun.stdout, outcome.text);
    }
  };
  await Promise.all([lane(beside), ...Array.from({ length: AT_ONCE }, () => lane(others))]);
  const failed = [...outcomes].filter(([, { code }]) => code !== 0);
  for (const [part, { code, text }] of failed)
    console.log([`test/${part} ended with ${code}`, ...new Set(text.match(/^\(fail\) .*/gm))].join("\n"));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${counted([...outcomes.values()])} in ${seconds} s`);
  return failed.length === 0;
}

/** The page that the explorer's tests ask for is made of the source as it is. */
const made = Bun.spawnSync([process.execPath, join(import.meta.dir, "../src/explorer/build.ts")], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (!made.success) process.exit(made.exitCode);

const args = process.argv.slice(2);
const passed = args.length > 0 ? (await start(args, "inherit").exited) === 0 : await everything();
process.exitCode = passed ? 0 : 1;
