import { describe, expect, test } from "bun:test";
import { NO_SERVER, SERVER } from "../../bench/postgresql.ts";
import { describePhase, scale, type ScaleResult } from "../../bench/scale.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const leftOut = SERVER === undefined && process.env["REQUIRE_POSTGRES"] !== "1";
if (leftOut) console.warn(`scaling out, on a server: ${NO_SERVER}`);

let running: Promise<ScaleResult> | undefined;

/** One run for all: under load a process is asked to stop and started again, then the other is killed and started again. */
function run(): Promise<ScaleResult> {
  console.log(`scale-out: seed ${seed}`);
  return scale({
    driver: "bun-sql",
    seconds: 5,
    connections: 12,
    seed,
    sizes: { posts: 3_000, comments: 6_000 },
  });
}

describe.skipIf(leftOut)("two processes on one PostgreSQL database behind a proxy", () => {
  const result = (): Promise<ScaleResult> => (running ??= run());

  test("answer every read, and all of them rightly, while one stops and the other is killed", async () => {
    const { phases, wrong } = await result();
    console.log(phases.map((phase) => `  ${describePhase(phase)}`).join("\n"));
    expect(wrong).toEqual([]);
    for (const { reads } of phases) expect(reads).toBeGreaterThan(0);
  }, 90_000);

  test("answer every write while one of them is asked to stop and started again", async () => {
    const { phases, exits } = await result();
    const polite = phases.filter(({ event }) => event !== "one killed");
    expect(polite.map(({ unknown }) => unknown)).toEqual(polite.map(() => 0));
    for (const { writes } of polite) expect(writes).toBeGreaterThan(0);
    expect(exits).toEqual(exits.map(() => 0));
  }, 90_000);

  test("leave every write that was answered in the database once, and none by half", async () => {
    expect((await result()).lost).toEqual([]);
  }, 90_000);

  test("answer the same question with the same bytes and the same tag", async () => {
    expect((await result()).different).toEqual([]);
  }, 90_000);
});
