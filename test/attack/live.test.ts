import { afterEach, describe, expect, test } from "bun:test";
import { createQueryRoute, type LiveControl, type QueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { eq, sql } from "drizzle-orm";
import { DATABASES, type Opened } from "../support/databases.ts";
import { fill } from "../support/data.ts";
import { Watching } from "../support/live.ts";
import * as schema from "../support/schema.ts";

// Whoever listens tries to hear of what he may not see: in what is said, in that something is said, and in when.

interface Place extends Opened {
  readonly route: QueryRoute & LiveControl;
  /** Whose session is which, and who is locked out. */
  readonly sessions: Map<string, { me: number; role: string | null }>;
  watch(session: string, path: string, headers?: Record<string, string>): Promise<Watching>;
  get(session: string, path: string): Promise<string>;
}

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** The URLs that sessions were asked with. */
const askedWith = new Set<string>();

async function start(acl: object, settings: Parameters<typeof live>[0] = {}): Promise<Place> {
  const opened = await DATABASES["bun:sqlite"]();
  await fill(opened.database);
  const sessions: Place["sessions"] = new Map([
    ["ada", { me: 1, role: "editor" }],
    ["ben", { me: 2, role: "writer" }],
    ["cleo", { me: 3, role: "writer" }],
  ]);
  const of = (request: Request) => sessions.get(request.headers.get("x-session") ?? "");
  const route = createQueryRoute({
    acl: acl as never,
    database: opened.database,
    schema,
    onWarning: () => undefined,
    live: live({ debounce: 1, ...settings }),
    session: {
      parser(request: Request, context: object) {
        const { params } = request as { params?: { id?: string; tenant?: string } };
        askedWith.add(`${request.url}${params === undefined ? "" : ` ${params.tenant} ${params.id}`}`);
        Object.assign(context, of(request));
      },
      getRole: (request: Request) => of(request)?.role,
    },
    caller: (_: object, request: Request) => request.headers.get("x-session"),
  });
  open.push(() => opened.close());
  open.push(() => route.close());
  const send = (path: string, init: RequestInit): Promise<Response> =>
    route[(init.method ?? "GET") as "GET"](new Request(`http://local/query/${path}`, init));
  return {
    ...opened,
    route,
    sessions,
    async watch(session, path, headers = {}) {
      const watching = await Watching.open(send, path, { headers: { "x-session": session, ...headers } });
      open.push(() => watching.close());
      await watching.heard(1);
      return watching;
    },
    get: async (session, path) => (await send(path, { headers: { "x-session": session } })).text(),
  };
}

const OWN = {
  articles: {
    table: "article",
    control: {
      GET: {
        editor: { select: true, live: true, with: { comments: true } },
        writer: {
          select: [
            { columns: ["id", "authorId", "title"] },
            { columns: ["body"], when: (_: object, t: typeof schema.article) => eq(t.published, true) },
          ],
          live: true,
          where: ({ me }: { me: number }, t: typeof schema.article) => eq(t.authorId, me),
          with: {
            comments: {
              select: { mode: true, columns: ["id", "text"] },
              where: (_: object, t: typeof schema.comment) => eq(t.hidden, false),
            },
          },
        },
      },
    },
  },
};
const TITLES = "articles?select=(with:(comments:T))";

/** Changes and says so. */
async function change(
  { database, route }: Place,
  table: "article" | "comment",
  set: object,
  where: ReturnType<typeof eq>,
) {
  await database.update(schema[table]).set(set).where(where);
  route.changed(table);
}

describe("nothing is said of what is hidden", () => {
  const secret = "never to be told";
  test.each([
    ["a row of another", "article", { title: secret }, eq(schema.article.id, "a1")],
    ["a column that is not let out", "article", { rating: 77.5 }, eq(schema.article.id, "a2")],
    ["a masked cell", "article", { body: secret }, eq(schema.article.id, "a3")],
    ["a hidden row of a relation", "comment", { text: secret }, eq(schema.comment.hidden, true)],
  ] as const)("not even an empty event: %s", async (_, table, set, where) => {
    const place = await start(OWN);
    await place.database.update(schema.comment).set({ hidden: true }).where(eq(schema.comment.id, 3));
    const watching = await place.watch("ben", TITLES);
    const before = watching.text;
    await change(place, table, set, where);
    await Bun.sleep(150);
    expect(watching.text).toBe(before);
    expect(watching.json).toBe(JSON.stringify(JSON.parse(await place.get("ben", TITLES))));
  });

  test("a row that leaves takes its name with it, and one that comes is told whole", async () => {
    const place = await start(OWN);
    const watching = await place.watch("ben", TITLES);
    await change(place, "article", { authorId: 3, title: secret }, eq(schema.article.id, "a2"));
    await watching.heard(2);
    expect(watching.text).not.toContain(secret);
    await change(place, "article", { authorId: 2, title: "Back" }, eq(schema.article.id, "a2"));
    await watching.heard(3);
    expect(watching.json).toBe(JSON.stringify(JSON.parse(await place.get("ben", TITLES))));
    expect(watching.text).not.toContain(secret);
  });

  test("rows are not linked by a key that is not answered", async () => {
    const place = await start(OWN);
    const path = "articles?select=(columns:(title:T,rating:T,views:T,createdAt:T),orderBy:(title:asc))";
    const watching = await place.watch("ada", path);
    await change(place, "article", { title: "zzz" }, eq(schema.article.id, "a1"));
    await watching.heard(2);
    expect(watching.text).not.toContain('"op":"move"');
  });
});

describe("nothing is said to who may ask no longer", () => {
  test.each([
    ["signed out", null],
    ["of a role that may not", "reader"],
  ] as const)("%s", async (_, role) => {
    const place = await start(OWN);
    const watching = await place.watch("ada", TITLES);
    place.sessions.get("ada")!.role = role;
    place.route.recheck("ada");
    for (let n = 0; n < 20; n++) {
      await change(place, "article", { title: `after ${n}` }, eq(schema.article.id, "a1"));
      await Bun.sleep(3);
    }
    await watching.until(() => watching.closed);
    expect(watching.text).not.toContain("after");
    expect(watching.events.map(({ event }) => event)).toEqual(["answer", "end"]);
  });

  test("who is another now is told what that one sees, and nothing of before", async () => {
    const place = await start(OWN);
    const watching = await place.watch("ada", TITLES);
    Object.assign(place.sessions.get("ada")!, { role: "writer", me: 3 });
    place.route.recheck("ada");
    for (let n = 0; n < 20; n++) {
      await change(place, "article", { title: `of ben ${n}` }, eq(schema.article.id, "a2"));
      await Bun.sleep(3);
    }
    const now = JSON.stringify(JSON.parse(await place.get("ada", TITLES)));
    await watching.until(() => watching.json === now);
    expect(watching.text).not.toContain("of ben");
  });

  test("while it is not known who asks, be it that the session's store is away", async () => {
    const place = await start(OWN);
    const watching = await place.watch("ada", TITLES);
    const before = watching.text;
    place.sessions.set(
      "ada",
      new Proxy(
        { me: 1, role: "editor" },
        {
          get: () => {
            throw new Error("away");
          },
          ownKeys: () => {
            throw new Error("away");
          },
        },
      ),
    );
    place.route.recheck("ada");
    await change(place, "article", { title: "unknown" }, eq(schema.article.id, "a1"));
    await Bun.sleep(200);
    expect(watching.text).toBe(before);
  });
});

describe("answers are shared by nobody whose rules differ", () => {
  test("callers who ask the same hear each of his own alone", async () => {
    const place = await start(OWN);
    const [ada, ben, cleo] = await Promise.all(["ada", "ben", "cleo"].map((one) => place.watch(one, TITLES)));
    await place.database.update(schema.article).set({ title: sql`'of ' || author_id` });
    place.route.changed("article");
    await Promise.all([ada!, ben!, cleo!].map((one) => one.heard(2)));
    expect(ben!.text).not.toMatch(/of [13]/);
    expect(cleo!.text).not.toMatch(/of [12]/);
    for (const [session, one] of [
      ["ada", ada],
      ["ben", ben],
      ["cleo", cleo],
    ] as const)
      expect(one!.json).toBe(JSON.stringify(JSON.parse(await place.get(session, TITLES))));
  });

  test.each([
    ["a number and its text", 2, "2"],
    ["nothing and zero", 0, null],
    ["texts with quotes", `a","b`, `a`],
  ])("values that look alike are not taken for the same: %s", async (_, one, other) => {
    const values = new Map<string, unknown>([
      ["ben", one],
      ["cleo", other],
    ]);
    const rules = {
      articles: {
        table: "article",
        control: {
          GET: {
            writer: {
              select: true,
              live: true,
              extras: {
                mine: (context: { request: Request }) =>
                  sql`${values.get(context.request.headers.get("x-session")!)}`,
              },
            },
          },
        },
      },
    };
    const place = await start(rules);
    const path = "articles?select=(limit:1)";
    const ben = await place.watch("ben", path);
    const cleo = await place.watch("cleo", path);
    expect(ben.json).toBe(JSON.stringify(JSON.parse(await place.get("ben", path))));
    expect(cleo.json).toBe(JSON.stringify(JSON.parse(await place.get("cleo", path))));
    expect(ben.of().id).not.toBe(cleo.of().id);
  });

  test("an id of another's answer is not the same, though the body is", async () => {
    const place = await start(OWN);
    const path = "articles?select=(where:(id:nothing))";
    const ben = await place.watch("ben", path);
    const cleo = await place.watch("cleo", path, { "last-event-id": ben.of().id! });
    expect(cleo.json).toBe(ben.json);
    expect(cleo.events[0]!.event).toBe("answer");
  });
});

describe("what a client sends", () => {
  test.each([
    ["`__proto__` as a key", [{ key: "__proto__", url: "/query/articles" }], 200],
    ["another host", [{ key: "a", url: "http://evil.example/query/articles" }], 200],
    ["a text that is no URL", [{ key: "a", url: "http://[" }], 400],
    ["the list itself", [{ key: "a", url: "/query/$live" }], 200],
    ["a batch", [{ key: "a", url: "/query/$batch" }], 200],
  ])("is read as data: %s", async (_, questions, status) => {
    const place = await start(OWN);
    const response = await place.route.POST(
      new Request("http://local/query/$live", {
        method: "POST",
        headers: { "x-session": "ben", "content-type": "application/json" },
        body: JSON.stringify(questions),
      }),
    );
    expect(response.status).toBe(status);
    if (status !== 200) return;
    const reader = response.body!.getReader();
    const text = new TextDecoder().decode((await reader.read()).value);
    expect(text).toMatch(/^event: (?:answer|end)\n/);
    expect(text).not.toContain("internal-error");
    await reader.cancel();
  });

  test.each([
    "/query/articles?select=(limit:1)",
    "/t/2/query/articles?select=(limit:1)",
    "//evil.example/articles?select=(limit:1)",
    "https://u:p@evil.example:8080/x/articles/?select=(limit:1)",
    "../../articles?select=(limit:1)#there",
  ])("is asked beside the list, whatever else its URL says: %s", async (url) => {
    const place = await start(OWN);
    askedWith.clear();
    const list = new Request("http://local/t/1/query/$live", {
      method: "POST",
      headers: { "x-session": "ben", "content-type": "application/json" },
      body: JSON.stringify([{ key: "a", url }]),
    });
    const params = { tenant: "1", id: "$live" };
    const response = await place.route.POST(Object.defineProperty(list, "params", { value: params }));
    const reader = response.body!.getReader();
    const text = new TextDecoder().decode((await reader.read()).value);
    expect(text).toContain('"articles":[');
    await reader.cancel();
    expect([...askedWith]).toEqual([
      "http://local/t/1/query/$live 1 $live",
      "http://local/t/1/query/articles?select=(limit:1) 1 articles",
    ]);
  });

  test.each(["data:articles", "javascript:articles", "ftp://local/query/articles", "file:///query/articles"])(
    "is no GET of HTTP: %s",
    async (url) => {
      const place = await start(OWN);
      const response = await place.route.POST(
        new Request("http://local/query/$live", {
          method: "POST",
          headers: { "x-session": "ben", "content-type": "application/json" },
          body: JSON.stringify([{ key: "a", url }]),
        }),
      );
      expect([response.status, ((await response.json()) as { path: string }).path]).toEqual([400, "0.url"]);
    },
  );

  test("a page of another origin cannot open a list", async () => {
    const place = await start(OWN);
    const response = await place.route.POST(
      new Request("http://local/query/$live", {
        method: "POST",
        headers: {
          "x-session": "ben",
          "content-type": "application/json",
          origin: "https://evil.example",
          "sec-fetch-site": "cross-site",
        },
        body: JSON.stringify([{ key: "a", url: "/query/articles" }]),
      }),
    );
    expect(response.status).toBe(403);
  });
});
