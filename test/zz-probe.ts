import { serve } from "/work/main/test/support/app.ts";
import { sql } from "drizzle-orm";
const pause = (n: number) => new Promise((r) => setTimeout(r, n));
import * as s from "/work/main/test/support/schema.ts";
for (const on of ["libsql file", "libsql memory", "bun:sqlite"] as const) {
  console.log("==", on);
  let late: any = "not";
  const app = await serve(
    {
      articles: {
        table: "article",
        control: {
          GET: { all: { select: true } },
          POST: { all: { select: true } },
          PATCH: { all: { select: true } },
        },
      },
      undef: {
        table: "article",
        control: {
          GET: {
            all: { select: true, where: (c: any, t: any, o: any) => o.eq(t.authorId, c.me) },
            writer: { select: true, where: (c: any, t: any, o: any) => o.not(o.eq(t.authorId, c.nobody)) },
            editor: { select: true, where: (c: any, t: any, o: any) => o.notInArray(t.authorId, [c.nobody]) },
          },
        },
      },
      samples: {
        table: "sample",
        control: { GET: { all: { select: true } }, POST: { all: { select: true, write: true } } },
      },
      linked: {
        table: "comment",
        control: {
          POST: {
            all: {
              select: true,
              where: (c: any, t: any) =>
                sql`exists (select 1 from articles a where a.id = ${t.articleId} and a.author_id = 1)`,
            },
          },
        },
      },
      unw: {
        table: "author",
        control: {
          POST: { all: { select: { columns: ["id", "name"] }, write: { columns: ["name", "email"] } } },
        },
      },
      late: {
        table: "tag",
        control: {
          GET: { all: { select: true } },
          POST: {
            all: {
              select: true,
              write: true,
              beforeQuery: async ({ tx }: any) => {
                const p = tx.insert(s.tag).values({ id: 77, label: "late" }).prepare();
                await pause(120);
                try {
                  const r = await (p.run ? p.run() : p.execute());
                  late = "wrote " + JSON.stringify(r);
                } catch (e) {
                  late = String(e);
                }
              },
            },
          },
        },
      },
    } as any,
    { on, timeout: 50 },
  );
  const long = "a".repeat(900_000);
  console.log((await app.post("articles", { authorId: 1, title: "long", body: long })).status);
  const needle = "a".repeat(999) + "b";
  for (const [op, n] of [
    ["contains", 1],
    ["contains", 13],
    ["icontains", 13],
  ] as const) {
    const where = Array.from(
      { length: n },
      (_, i) => `(body.${op}:'${needle.slice(0, -2)}${String.fromCharCode(98 + i)}b')`,
    ).join(",");
    const t = performance.now();
    const r = await app.get("articles?select=" + encodeURIComponent(`(columns:(id:T),where:_(${where})_)`));
    console.log(op, n, r.status, r.text.slice(0, 100), (performance.now() - t).toFixed(0) + "ms");
  }
  // many %
  {
    const pat = "%a".repeat(15) + "%b";
    const t = performance.now();
    const r = await app.get(
      "articles?select=" + encodeURIComponent(`(columns:(id:T),where:(body.like:'${pat}'))`),
    );
    console.log("like16", r.status, r.text.slice(0, 100), (performance.now() - t).toFixed(0) + "ms");
  }
  for (const [p, who] of [
    ["undef", {}],
    ["undef", { as: 2 }],
    ["undef", { as: 2, role: "editor" }],
  ] as any) {
    const r = await app.get(p, who);
    console.log("undef", r.status, r.text.slice(0, 80));
  }
  for (const body of [
    { id: 1, number: 1e18 },
    { id: 2, decimal: "9007199254740993" },
    { id: 3, real: 1e300 },
    { id: 4, numericBig: "9223372036854775807" },
    { id: 5, point: { x: 1e308, y: "q" } },
    { id: 6, big: "9".repeat(900) },
    { id: 7, millis: 8.64e15 },
    { id: 8, json: { toJSON: 1, constructor: 1, __proto__: 2 } },
    { id: 9, number: -1e18 },
    { id: 10, point: { x: 9007199254740993, y: 1 } },
  ]) {
    const r = await app.post("samples", body);
    const g = await app.get("samples?select=" + encodeURIComponent(`(where:(id:${body.id}))`));
    console.log(
      "sample",
      JSON.stringify(body).slice(0, 60),
      r.status,
      r.text.slice(0, 80),
      "stored",
      g.status,
      g.body?.count,
      app.errors.splice(0).map(String).join().slice(0, 100),
    );
  }
  console.log("all", (await app.get("samples")).status);
  for (const id of ["a1", "a2", "nope"]) {
    const r = await app.post("linked", { articleId: id, authorId: 1, text: "x" });
    console.log("fk", id, r.status, r.text);
  }
  for (const b of [
    '{"zz":1,"secret":"x"}',
    '{"zz":1,"secreq":"x"}',
    '{"name":5,"secret":"x"}',
    '{"name":5,"secreq":"x"}',
  ]) {
    const r = await app.post("unw", b);
    console.log(b, r.status, r.text);
  }
  const r = await app.post("late", { id: 5, label: "x" });
  await pause(200);
  console.log(
    "late",
    r.status,
    late,
    (await app.get("late?select=" + encodeURIComponent("(where:(id:77))"))).text,
    app.errors.splice(0).map(String),
  );
  // cost of selectors
  {
    const q =
      "(with:" +
      "~(with:~(with:~(limit:1)(" +
      Array.from({ length: 40 }, (_, i) => "k" + i).join() +
      ")~)(" +
      Array.from({ length: 40 }, (_, i) => "k" + i).join() +
      ")~)(" +
      Array.from({ length: 12 }, (_, i) => "k" + i).join() +
      ")~)";
    const t = performance.now();
    const rr = await app.get("articles?select=" + encodeURIComponent(q));
    console.log("sel", q.length, rr.status, rr.text.slice(0, 120), (performance.now() - t).toFixed(0) + "ms");
  }
  await app.close();
}
process.exit(0);
