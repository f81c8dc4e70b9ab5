// `npm run test:million`: all laws, round after round with other seeds, until an oracle has checked a million random requests.
// Every round is a process of its own, so that memory has a bound, and a failure is repeated in a tenth of the time.
import { join } from "node:path";

const GOAL = Number(process.env["LAW_GOAL"] ?? 1_000_000);
/** How many times the usual run a round is. */
const RUNS = "5";
const FIRST = Number(process.env["LAW_SEED"] ?? Date.now() % 2 ** 31);

const textOf = (stream: ReadableStream): Promise<string> => new Response(stream).text();
const number = (text: string): number => Number(text.replaceAll(",", ""));
const written = (count: number): string => count.toLocaleString("en");

/** Runs the laws once, and says how many requests they made; what they printed is shown where one fails. */
async function round(seed: number): Promise<{ requests: number; checked: number; failed: boolean }> {
  const run = Bun.spawn([process.execPath, "test", "test/law"], {
    cwd: join(import.meta.dir, ".."),
    env: { ...process.env, LAW_SEED: String(seed), LAW_RUNS: RUNS },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [said, results] = await Promise.all([textOf(run.stdout), textOf(run.stderr)]);
  const failed = (await run.exited) !== 0;
  if (failed) console.error(`${said}\n${results}`);
  const [, requests = "0", checked = "0"] =
    [...said.matchAll(/([\d,]+) so far, ([\d,]+) of them checked by an oracle/g)].at(-1) ?? [];
  return { requests: number(requests), checked: number(checked), failed };
}

const began = performance.now();
let requests = 0;
let checked = 0;
for (let seed = FIRST; checked < GOAL; seed++) {
  const made = await round(seed);
  requests += made.requests;
  checked += made.checked;
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `seed ${seed}: ${written(made.requests)} random requests; ` +
      `${written(requests)} in ${minutes} minutes, ${written(checked)} of them checked by an oracle`,
  );
  if (made.failed || made.checked === 0) {
    console.error(`a law failed: LAW_SEED=${seed} LAW_RUNS=${RUNS} bun test test/law repeats it`);
    process.exit(1);
  }
}
