import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { makeFile, post, random, type Served, spawn } from "./process.ts";

const ROUNDS = 10;
const BATCH = 5;
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);

/** Writes without a pause until no answer comes; the ids that were answered 2xx. Arrays and batches hold five rows in a row. */
async function writeOn(url: string, first: number, answered: Set<number>): Promise<void> {
  for (let id = first; ; id += BATCH) {
    const many = (id / BATCH) % 2 === 0;
    const rows = Array.from({ length: many ? BATCH : 1 }, (_, i) => ({ id: id + i, label: `t${id + i}` }));
    const { status } =
      many && id % 3 === 1
        ? await post(
            `${url}$batch`,
            rows.map((body) => ({ method: "POST", resource: "tags", body })),
          )
        : await post(`${url}${id % 3 === 0 ? "slow" : "tags"}`, many ? rows : rows[0]);
    if (status === 0) return;
    if (status !== 200) throw new Error(`a write was answered ${status}`);
    for (const row of rows) answered.add(row.id);
  }
}

// Twenty moments in all: ten with each driver.
test.each(["libsql", "bun:sqlite"])(
  "a server on %s that is killed at any moment has every row it answered, no half of an array or a batch, and a sound file",
  async (driver) => {
    console.log(`kill ${driver}: seed ${seed}`);
    const next = random(seed);
    const { file, remove } = await makeFile();
    let served: Served | undefined;
    try {
      const answered = new Set<number>();
      for (let round = 0; round < ROUNDS; round++) {
        served = await spawn(file, driver);
        const { url, kill } = served;
        const writers = Array.from({ length: 4 }, (_, i) =>
          writeOn(url, (round * 4 + i) * 100_000 + BATCH, answered),
        );
        const atOnce = answered.size;
        while (answered.size === atOnce) await Bun.sleep(1); // a busy machine begins late
        await Bun.sleep(next() * 160);
        await kill();
        await Promise.all(writers);
        served = undefined;

        const database = new Database(file);
        const ids = new Set(
          database
            .query<{ id: number }, []>("select id from tags")
            .all()
            .map(({ id }) => id),
        );
        const sound = database.query<{ integrity_check: string }, []>("pragma integrity_check").all();
        database.close();
        expect(sound).toEqual([{ integrity_check: "ok" }]);
        expect([...answered].filter((id) => !ids.has(id))).toEqual([]);
        // Rows that came in an array: all five, or none.
        const half = [...ids].filter((id) => {
          const start = id - (id % BATCH);
          return (
            (start / BATCH) % 2 === 0 &&
            Array.from({ length: BATCH }, (_, i) => start + i).some((n) => !ids.has(n))
          );
        });
        expect(half).toEqual([]);
      }
    } finally {
      await served?.kill();
      remove();
    }
  },
  30_000,
);
