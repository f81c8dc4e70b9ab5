import { test } from "bun:test";
import { sql, eq, exists, and } from "drizzle-orm";
import { serve } from "../support/app.ts";
import { ask } from "../support/served.ts";
import { article, comment, sample, author, tag } from "../support/schema.ts";

const show = (label: string, a: any, app: any) => console.log(label, a.status, a.text.slice(0, 600), app.errors.splice(0).map((e: any) => String(e?.cause ?? e).slice(0, 200)));
test("scratch", async () => {
  const app = await serve({
    lifted: { table: "article", maxConditions: null, maxList: null, control: { GET: { all: { select: { columns: ["id", "views"] } } } } },
    all: { table: "article", control: { GET: { all: { select: true } } } },
    text: { table: "article", control: { GET: { all: { select: true, formatResult: () => new Response("hällo") } } } },
    json: { table: "article", control: { GET: { all: { select: true, formatResult: () => Response.json({ a: "ä" }, { headers: { vary: "Accept" } }) } } } },
    hook: { table: "article", control: { GET: { all: { select: true, beforeQuery: () => new Response("hällo", { status: 202 }) } } } },
    samples: { table: "sample", control: { GET: { all: { select: true, with: { parent: { select: true }, children: true } } } } },
    shadow: { table: "article", control: { GET: { all: { select: {columns:["id"]}, where: (_c, t) => sql`${t.views} >= (select max(views) from articles where author_id = ${t.authorId})` } } } },
    authors: { table: "author", control: { GET: { all: { select: {columns: ["id"]}, with: { articles: { select: {columns:["id"]}, where: (_c, t) => sql`${t.views} >= (select max(views) from articles where author_id = ${t.authorId})` } } } } } },
  }, { cors: { origin: (o) => { throw new Error("boom"); } } });
  for (const n of [90, 900, 990, 999, 1001, 2000]) show("or " + n, await app.get(`lifted?select=(columns:~T(id)~,where:_(${Array(n).fill("1").map(() => "(views:1)").join(",")})_)`.slice(0)).catch(e => ({status: String(e), text: ""})), app);
  for (const n of [1001, 2500]) show("and " + n, await app.get(`lifted?select=(columns:~T(id)~,where:(AND:_(${Array(n).fill("(id:'')").join(",")})_))`).catch(e => ({status: String(e), text: ""})), app);
  for (const n of [1001, 5000]) show("views in " + n, await app.get(`lifted?select=(where:(views.in:_(${Array(n).fill("1").join(",")})_))`), app);
  for (const p of ["text", "json", "hook"]) { const g = await app.get(p), h = await app.send("HEAD", p); console.log(p, g.status, h.status, JSON.stringify(h.text), [...g.headers].sort().join(" | "), "##", [...h.headers].sort().join(" | ")); }
  show("shadow", await app.get("shadow"), app);
  show("shadow count", await app.get(ask("shadow", "(columns:F)")), app);
  show("shadow rel", await app.get(ask("authors", "(with:(articles:T))")), app);
  await app.database.insert(sample).values([
    { id: 1, text: "a\0b\u2028\"'\\\n\u{1F600}", choice: "a", json: { a: [1, 0.1 + 0.2, "ü", null] }, integer: 9007199254740991, flag: true, seconds: new Date(-1000), millis: new Date(-1), real: 0.1 + 0.2, decimal: "0.30000000000000004", number: 0.1 + 0.2, numericBig: 9223372036854775807n, big: 123456789012345678901234567890n, bytes: Buffer.from([0, 255, 1]), blobJson: { b: [0.1 + 0.2] }, point: { x: 0.1, y: -2 } },
    { id: 2, parentId: 1, json: "text", blobJson: 5, real: -0, number: 3, decimal: "5", numericBig: -5n, big: -7n, flag: false, millis: new Date(8.64e15), seconds: new Date(0), bytes: Buffer.from([]), text: "" },
    { id: 3, parentId: 2, real: 1e308, number: 1e-7, decimal: "123456789012345678901234567890", json: [], integer: -9007199254740991 },
  ]);
  show("top", { status: 0, text: JSON.stringify((await app.get(ask("samples", "(orderBy:(id:1))"))).body.samples, null, 1) , } as any, { errors: [] });
  const r = await app.get(ask("samples", "(with:(parent:T,children:T))"));
  const byId = new Map(r.body.samples.map(({ parent, children, ...row }: any) => [row.id, row]));
  for (const s of r.body.samples) { if (s.parent && !Bun.deepEquals(s.parent, byId.get(s.parent.id))) console.log("PARENT DIFF", s.parent, byId.get(s.parent.id)); for (const c of s.children) if (!Bun.deepEquals(c, byId.get(c.id))) console.log("CHILD DIFF", c, byId.get(c.id)); }
  console.log(JSON.stringify(r.body).slice(0, 3000));
  const o = await fetch(app.url + "all", { headers: { origin: "http://x" } }); console.log("cors boom", o.status, (await o.text()).slice(0, 100), app.errors);
  await app.close();
});
