import { beforeEach, expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import type { Subject } from "../subject.ts";
import { LOOKERS } from "../world/looking.ts";

/** Chapters 6 and 7: transactions, and many requests at once. */
export function turns(app: Subject): void {
  beforeEach(app.reset);
  const hold = (part: "before" | "after"): { headers: Record<string, string> } => ({
    headers: { [`x-${part}`]: "hold" },
  });

  test("sixty reads and writes at once are all answered, and nothing is lost", async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0
          ? app.post("plain", { id: 100 + i, label: `t${i}` })
          : i % 3 === 1
            ? app.post("slow", [
                { id: 200 + i, label: `s${i}` },
                { id: 300 + i, label: `u${i}` },
              ])
            : app.get(ask("articles", "(with:(comments:T))", "countTotal")),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
    expect(new Set(answers.filter((_, i) => i % 3 === 2).map(({ text }) => text)).size).toBe(1);
    expect(await app.rows("tag")).toHaveLength(3 + 60);
  });

  test("callers who ask the same at once each get their own", async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => app.get("ownRows?mine", { as: 1 + (i % 3) })),
    );
    const first = answers.slice(0, 3).map(({ text }) => text);
    expect(new Set(first).size).toBe(3);
    answers.forEach(({ text }, i) => expect(text).toBe(first[i % 3]!));
  });

  test("of many changes that expect the same old value one wins", async () => {
    const path = ask("told", "(columns:F,where:(id:'a1',views:10))");
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => app.patch(path, { views: 100 + i })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const winners = answers.flatMap(({ body }, i) => (body.rowsAffected === 1 ? [100 + i] : []));
    expect(winners).toHaveLength(1);
    const [a1] = await app.rows("article");
    expect(a1.views).toBe(winners[0]);
  });

  test("of many who take the same unique value one gets it", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        app.post(i % 2 === 0 ? "plain" : "slow", { id: 100 + i, label: "prize" }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 19 }, () => 409),
    ]);
    expect((await app.rows("tag")).filter(({ label }) => label === "prize")).toHaveLength(1);
  });

  test("one row that is removed by many is removed once", async () => {
    const path = ask("notes", "(columns:F,where:(id:1))");
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.remove(path)));
    expect(answers.map(({ body }) => Number(body.rowsAffected)).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 9 }, () => 0),
      1,
    ]);
  });

  test("a change that fails takes along only itself", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        app.post(i % 2 === 0 ? "slow" : "plain", [
          { id: 100 + i, label: `a${i}` },
          { id: i % 4 === 1 ? 1 : 200 + i, label: `b${i}` },
        ]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(
      Array.from({ length: 20 }, (_, i) => (i % 4 === 1 ? 409 : 200)),
    );
    expect(await app.rows("tag")).toHaveLength(3 + 15 * 2);
  });

  test("reads whose hooks write, among writes whose hooks wait, lose nothing", async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        i % 3 === 0
          ? app.get("audited")
          : i % 3 === 1
            ? app.post("slow", { id: 100 + i, label: `w${i}` })
            : app.get("slow"),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
    expect(await app.rows("author")).toHaveLength(3 + 20);
    expect(await app.rows("tag")).toHaveLength(3 + 10);
  });

  test.each(["before", "after"] as const)(
    "while a write's hook waits (%s), reads see nothing of it, and wait for it only where there is one connection",
    async (part) => {
      let over = false;
      const held = app.post("hooked", { id: 50, label: "held" }, hold(part)).finally(() => (over = true));
      await app.entered();
      const reads = Array.from({ length: 5 }, async () => ({ ...(await app.get("plain")), over }));
      if (app.alone) setTimeout(() => void app.release(), 50);
      for (const { status, body, over } of await Promise.all(reads)) {
        expect(status).toBe(200);
        if (!app.alone) expect([over, body.count]).toEqual([false, 3]);
        else expect(body.count).toBe(4);
      }
      await app.release();
      expect((await held).status).toBe(200);
      expect((await app.get("plain")).body.count).toBe(4);
    },
  );

  const LOOKS = Object.entries(LOOKERS).flatMap(([method, names]) => names.map((name) => [method, name]));

  test.each(LOOKS)(
    "while the hook of a write that will fail waits, what else runs of a %s (`%s`) sees nothing of it and keeps what it writes",
    async (method, name) => {
      const falling = app.post("hooked", { id: 50, label: "held" }, { headers: { "x-after": "fall" } });
      await app.entered();
      // Elsewhere a write of the application's own has its own lock to wait for.
      const headers = { "x-look": name, ...(app.alone && { "x-leave": "1" }) };
      const looked =
        method === "GET"
          ? app.get("looking", { headers })
          : app.post("looking", { id: 60, label: "other" }, { headers });
      const waits = app.alone || method === "POST";
      const later = waits ? Bun.sleep(30).then(() => app.release()) : undefined;
      const { status, body } = await looked;
      await later;
      expect([status, body]).toEqual([200, { seen: app.alone ? 4 : 3 }]);
      await app.release();
      expect((await falling).status).toBe(500);
      expect(await app.faults()).toEqual(["words of the author"]);
      const labels = (await app.rows("tag")).map(({ label }) => label);
      expect([labels.includes("left behind"), labels.includes("held")]).toEqual([app.alone, false]);
    },
  );

  test("while a read's hook waits, writes are answered, save on one connection, and it keeps its snapshot", async () => {
    const held = app.get("hooked", hold("after"));
    await app.entered();
    const write = app.post("plain", { id: 50, label: "other" });
    if (app.alone) setTimeout(() => void app.release(), 50);
    expect((await write).status).toBe(200);
    await app.release();
    expect((await held).body.count).toBe(3);
    expect((await app.get("plain")).body.count).toBe(4);
  });

  test("a write that fails after others read shows them nothing", async () => {
    const failing = app.post(
      "hooked",
      { id: 50, label: "held" },
      {
        headers: { "x-before": "write", "x-after": "throw" },
      },
    );
    const reads = await Promise.all(Array.from({ length: 10 }, () => app.get("plain")));
    expect((await failing).status).toBe(500);
    for (const { body } of reads) expect(body.count).toBe(3);
    expect(await app.faults()).toEqual(["words of the author"]);
  });
}
