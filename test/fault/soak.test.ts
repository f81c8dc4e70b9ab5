import { expect, test } from "bun:test";
import { NO_SERVER, SERVER } from "../../bench/postgresql.ts";
import type { Driver } from "../../bench/rival/rival.ts";
import { soak } from "../../bench/soak.ts";

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

const drivers: readonly Driver[] = ["libsql", "bun"];
const onServer = SERVER !== undefined || process.env["REQUIRE_POSTGRES"] === "1";
if (!onServer) console.warn(`the soak, on a server: ${NO_SERVER}`);

test.each(onServer ? [...drivers, "bun-sql" as const] : drivers)(
  "three seconds of mixed reads and writes at 32 connections on %s: every answer right, every row there",
  async (driver) => {
    console.log(`soak ${driver}: seed ${seed}`);
    const { reads, writes, wrong, lost, integrity, rss } = await soak({
      driver,
      seconds: 3,
      connections: 32,
      seed,
    });
    expect(wrong).toEqual([]);
    expect(lost).toEqual([]);
    expect(integrity).toBe("ok");
    expect(reads).toBeGreaterThan(100);
    expect(writes).toBeGreaterThan(50);
    expect(Math.max(...rss)).toBeLessThan(600);
  },
  60_000,
);
