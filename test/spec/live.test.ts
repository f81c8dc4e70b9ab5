import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import type { QueryRouteOptions } from "@bepalo/query";
import { live, type LiveOptions } from "@bepalo/query/live";
import { eq, type SQL, sql } from "drizzle-orm";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { Watching } from "../support/live.ts";
import { ALL, ARTICLES, closing, counting, NEW, quiet, start, TITLES, WRITE } from "../support/live-app.ts";
import * as schema from "../support/schema.ts";

describe("a GET that is asked for text/event-stream", () => {
  test("answers what the GET answers, first, and says that it is a stream", async () => {
    const app = await start(ARTICLES);
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    const [{ event, data, id }] = watching.events as [Watching["events"][0]];
    expect([event, data]).toEqual(["answer", (await app.get(TITLES)).text]);
    expect(id).toMatch(/^[\w-]{43}$/);
    const { headers, status } = watching.response;
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(headers.get("cache-control")).toBe("no-store, no-transform");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("vary")).toContain("Accept");
    expect(headers.get("content-encoding")).toBeNull();
  });

  test.each(["*/*", "application/json", "text/event-stream;q=0", "text/*"])(
    "is none where it takes %s: only an explicit text/event-stream streams",
    async (accept) => {
      const app = await start(ARTICLES);
      const { headers, status } = await app.get(TITLES, { headers: { accept } });
      expect(status).toBe(200);
      expect(headers.get("content-type")).toStartWith("application/json");
      expect(headers.get("vary")).toContain("Accept");
    },
  );

  test.each(["text/event-stream", "application/json;q=0.5, Text/Event-Stream;q=0.9"])(
    "is one where it takes %s",
    async (accept) => {
      const app = await start(ARTICLES);
      const watching = await app.watch(TITLES, { headers: { accept } });
      await watching.heard(1);
    },
  );

  test("is 406 `not-live` under a rule that is not live", async () => {
    const app = await start(ARTICLES);
    const { status, body } = await app.get("tags", { headers: { accept: "text/event-stream" } });
    expect([status, body.code, body.path]).toEqual([406, "not-live", "Accept"]);
  });

  test("is a GET like any other on a route without the option", async () => {
    const app = await serve(ARTICLES as TestACL);
    closing(() => app.close());
    const { status, headers } = await app.get("articles", { headers: { accept: "text/event-stream" } });
    expect([status, headers.get("content-type")]).toEqual([200, "application/json;charset=utf-8"]);
  });

  test.each([
    ["a resource that does not exist", "artikles", 404, "unknown-resource"],
    ["a column that is not there", "articles?select=(columns:(titel:T))", 400, "unknown-column"],
    ["a page that is walked", "articles?cursor&select=(limit:2)", 400, "invalid-value"],
  ])("is refused as a GET for %s", async (_, path, status, code) => {
    const app = await start(ARTICLES);
    const told = await app.get(path, { headers: { accept: "text/event-stream" } });
    expect([told.status, told.body.code]).toEqual([status, code]);
  });

  test("is refused for a dry run", async () => {
    const app = await start(ARTICLES);
    const headers = { accept: "text/event-stream", prefer: "tx=rollback" };
    const { status, body } = await app.get(TITLES, { headers });
    expect([status, body.path]).toEqual([400, "Prefer"]);
  });

  test("is asked by HEAD as well, which has the headers and no body", async () => {
    const app = await start(ARTICLES);
    const told = await app.send("HEAD", TITLES, { headers: { accept: "text/event-stream" } });
    expect([told.status, told.text, told.headers.get("content-type")]).toEqual([
      200,
      "",
      "text/event-stream",
    ]);
    const refused = await app.send("HEAD", "tags", { headers: { accept: "text/event-stream" } });
    expect(refused.status).toBe(406);
  });

  test.each([
    ["QUERY", {}],
    ["POST", { "x-http-method-override": "GET" }],
  ])("may be asked by %s, whose body is the question", async (method, headers) => {
    const app = await start(ARTICLES);
    const type = "application/x-www-form-urlencoded";
    // Bun's routes do not know QUERY.
    const request = new Request(`${app.url}articles`, {
      method,
      headers: { accept: "text/event-stream", "content-type": type, ...headers },
      body: "select=(columns:(id:T),limit:1)",
    });
    const response = await app.route[method as "QUERY"](request);
    const { value } = await response.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toContain('"articles":[{"id":"a1"}]');
  });

  test("is for pages of other origins as the GET is, which may send `Last-Event-ID`", async () => {
    const app = await start(ARTICLES, { cors: { origin: "https://a.example", credentials: true } });
    const origin = "https://a.example";
    const watching = await app.watch(TITLES, { headers: { origin } });
    expect(watching.response.headers.get("access-control-allow-origin")).toBe(origin);
    expect(watching.response.headers.get("access-control-allow-credentials")).toBe("true");
    const preflight = await app.send("OPTIONS", TITLES, {
      headers: { origin, "access-control-request-method": "GET" },
    });
    expect(preflight.headers.get("access-control-allow-headers")).toContain("last-event-id");
  });
});

describe("a patch", () => {
  test("says what has changed, and no more", async () => {
    const app = await start(ARTICLES);
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    await app.post("articles", NEW);
    await watching.heard(2);
    await app.patch("articles?select=(where:(id:a9))", { title: "Zebra" });
    await watching.heard(3);
    await app.remove("articles?select=(where:(id:a9))");
    await watching.heard(4);
    expect(watching.events.slice(1).map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
      [
        "patch",
        [
          { op: "replace", path: "/count", value: 7 },
          { op: "add", path: "/articles/0", value: { id: "a9", title: "Aardvark" } },
        ],
      ],
      [
        "patch",
        [
          { op: "move", from: "/articles/0", path: "/articles/5" },
          { op: "replace", path: "/articles/5/title", value: "Zebra" },
        ],
      ],
      [
        "patch",
        [
          { op: "replace", path: "/count", value: 6 },
          { op: "remove", path: "/articles/5" },
        ],
      ],
    ]);
    expect(watching.json).toBe((await app.get(TITLES)).text);
  });

  test("tells rows apart by a key that is selected, else by their place", async () => {
    const app = await start(ARTICLES);
    const path =
      "articles?select=(columns:(title:T,body:T,views:T,createdAt:T),orderBy:(views:asc,title:asc))";
    const watching = await app.watch(path);
    await watching.heard(1);
    await app.patch("articles?select=(where:(id:a1))", { views: 21 });
    await watching.heard(2);
    const { event, data } = watching.events[1]!;
    expect(event).toBe("patch");
    expect(JSON.parse(data).every(({ op }: { op: string }) => op === "replace")).toBe(true);
    expect(watching.json).toBe((await app.get(path)).text);
  });

  test("tells the rows of relations apart as well", async () => {
    const app = await start(ARTICLES);
    const path = "articles?select=(where:(id:a1),with:(author:T,comments:(orderBy:(text:asc))))";
    const watching = await app.watch(path);
    await watching.heard(1);
    const { comments } = watching.value.articles[0];
    await app.patch(`comments?select=(where:(id:${comments[0].id}))`, { text: "zzz" });
    await watching.heard(2);
    const last = comments.length - 1;
    expect(JSON.parse(watching.events[1]!.data)).toEqual([
      { op: "move", from: "/articles/0/comments/0", path: `/articles/0/comments/${last}` },
      { op: "replace", path: `/articles/0/comments/${last}/text`, value: "zzz" },
    ]);
  });

  test("tells groups apart by what they are grouped by", async () => {
    const app = await start({
      ...ARTICLES,
      articles: {
        ...ARTICLES.articles,
        control: { ...ARTICLES.articles.control, GET: { all: { ...ALL, aggregate: true } } },
      },
    });
    const path = "articles?aggregate=(count:T,groupBy:_(authorId)_)";
    const watching = await app.watch(path);
    await watching.heard(1);
    await app.post("articles", NEW);
    await watching.until(() =>
      watching.value.articles.some(
        ({ group, count }: { group: { authorId: number }; count: number }) =>
          group.authorId === 1 && count === 2,
      ),
    );
    expect(watching.json).toBe(JSON.stringify((await app.get(path)).body));
  });

  test("gives way to the whole answer where that is shorter", async () => {
    const app = await start(ARTICLES);
    const watching = await app.watch("articles?select=(columns:F)");
    await watching.heard(1);
    await app.post("articles", NEW);
    await watching.heard(2);
    expect(watching.events[1]!.event).toBe("answer");
    expect(watching.value).toEqual({ count: 7 });
  });
});

describe("a client that comes back", () => {
  test("is told `same` where it names the present answer, and nothing again", async () => {
    const app = await start(ARTICLES);
    const first = await app.watch(TITLES);
    await first.heard(1);
    const { id } = first.of();
    const second = await app.watch(TITLES, { headers: { "last-event-id": id! } });
    await second.heard(1);
    expect(second.events).toEqual([{ event: "same", id, data: "" }]);
    await app.post("articles", NEW);
    await first.heard(2);
    const third = await app.watch(TITLES, { headers: { "last-event-id": id! } });
    await third.heard(1);
    expect(third.events[0]!.event).toBe("answer");
    expect(third.of().id).toBe(first.of().id);
  });

  test("goes on with patches from there", async () => {
    const app = await start(ARTICLES);
    const first = await app.watch(TITLES);
    await first.heard(1);
    const second = await app.watch(TITLES, { headers: { "last-event-id": first.of().id! } });
    await second.heard(1);
    second.of().json = first.json;
    await app.post("articles", NEW);
    await second.heard(2);
    expect(second.events[1]!.event).toBe("patch");
    expect(second.json).toBe((await app.get(TITLES)).text);
  });

  test("is known in other processes that have the same secret, and in no others", async () => {
    const ids = [];
    for (const secret of ["a".repeat(32), "a".repeat(32), "b".repeat(32), undefined, undefined]) {
      const app = await start(ARTICLES, { secret });
      const watching = await app.watch(TITLES);
      await watching.heard(1);
      ids.push(watching.of().id);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(4);
  });
});

describe("silence", () => {
  test("is broken by a line that says nothing, before eight seconds are over", async () => {
    const app = await start(ARTICLES);
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    const began = performance.now();
    while (watching.beats === 0 && performance.now() - began < 9_500) await Bun.sleep(100);
    expect(performance.now() - began).toBeLessThan(8_500);
    expect(watching.events.length).toBe(1);
    await app.post("articles", NEW); // and the stream is still there
    await watching.heard(2);
  }, 15_000);

  test("is all there is where the answer stays what it is", async () => {
    const app = await start(ARTICLES);
    const watching = await app.watch("articles?select=(columns:(id:T,title:T),where:(views.gt:15))");
    await watching.heard(1);
    const { text } = watching;
    await app.patch("articles?select=(where:(id:a2))", { body: "other" }); // a column that is not asked for
    await app.patch("articles?select=(where:(id:a1))", { title: "Other" }); // a row that is not there
    await app.post("comments", { articleId: "a2", authorId: 1, text: "x" });
    await quiet();
    expect([watching.text, watching.beats]).toEqual([text, 0]);
  });
});

describe("it looks again", () => {
  const RELATED =
    "articles?select=(columns:(id:T,title:T),orderBy:(id:asc),with:(comments:(columns:(id:T,text:T)),author:(columns:(id:T,name:T))))";

  test.each([
    [
      "a row of a relation",
      (app: App) => app.post("comments", { articleId: "a1", authorId: 1, text: "new" }),
    ],
    [
      "a nested write",
      (app: App) => app.post("articles", { ...NEW, comments: [{ authorId: 1, text: "nested" }] }),
    ],
    [
      "a batch",
      (app: App) =>
        app.post("$batch", [
          { method: "POST", resource: "tags", body: { id: 90, label: "new" } },
          {
            method: "PATCH",
            resource: "comments",
            select: { where: { "id.gt": 0 } },
            body: { text: "same" },
          },
        ]),
    ],
    ["what the schema lets cascade", (app: App) => app.remove("articles?select=(where:(id:a1))")],
    [
      "a row that one is led to",
      (app: App) => app.patch("authors?select=(where:(id:2))", { name: "Benedict" }),
    ],
  ])("after %s", async (_, write) => {
    const app = await start(ARTICLES, { batch: true });
    const watching = await app.watch(RELATED);
    await watching.heard(1);
    const { status } = await write(app);
    expect(status).toBe(200);
    await watching.heard(2);
    expect(watching.json).toBe((await app.get(RELATED)).text);
  });

  test("after a delete that reaches its rows through another table alone", async () => {
    const app = await start(ARTICLES);
    // At the first write it is not known whether tables have triggers, and then any table may have changed.
    await app.patch("comments?select=(where:(id:1))", { text: "first" });
    const watching = await app.watch("comments?select=(columns:(id:T,text:T))");
    await watching.heard(1);
    await app.remove("articles?select=(where:(id:a1))");
    await watching.heard(2);
    expect(watching.json).toBe((await app.get("comments?select=(columns:(id:T,text:T))")).text);
  });

  test("not after a write that is rolled back or refused", async () => {
    const app = await start(ARTICLES, { batch: true, live: { debounce: 1 } });
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    const { status } = await app.post("$batch", [
      { method: "POST", resource: "articles", body: NEW },
      { method: "POST", resource: "articles", body: NEW },
    ]);
    expect(status).toBe(409);
    await quiet();
    expect(watching.events.length).toBe(1);
  });

  test("after another table of a rule's condition, which its SQL names", async () => {
    const rules = {
      ...ARTICLES,
      articles: {
        table: "article",
        control: {
          GET: {
            all: {
              ...ALL,
              where: (_: unknown, t: typeof schema.article) =>
                sql`exists (select 1 from comments c where c.article_id = ${t.id} and c.hidden = 0)`,
            },
          },
        },
      },
    };
    const app = await start(rules);
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    const before = watching.value.count;
    await app.patch("comments?select=(where:(articleId:a1))", { hidden: true });
    await watching.heard(2);
    expect(watching.value.count).toBe(before - 1);
  });

  test("after a table that raw SQL hides, where `dependsOn` names it", async () => {
    const rule = (dependsOn: readonly string[]): object => ({
      ...ARTICLES,
      articles: {
        table: "article",
        control: {
          GET: {
            all: {
              ...ALL,
              dependsOn,
              where: () =>
                sql`(select count(*) from pragma_foreign_key_check()) >= 0 and ${sql.raw('"articles"."id"')} <> 'x'`,
            },
          },
        },
      },
    });
    for (const [dependsOn, asked] of [
      [[], 0],
      [["comment"], 1],
    ] as const) {
      let count = 0;
      const app = await start(rule(dependsOn), {
        dialect: (_, found) => counting(found(), () => count++),
      });
      const watching = await app.watch(TITLES);
      await watching.heard(1);
      await app.patch("comments?select=(where:(articleId:a2))", { text: "first" });
      await quiet(); // at the first write the database is asked for triggers
      const before = count;
      await app.patch("comments?select=(where:(articleId:a1))", { text: "new" });
      await quiet();
      expect(count - before).toBe(asked);
    }
  });

  test("after what a hook says that it has written, once it is committed", async () => {
    const rules = {
      ...ARTICLES,
      tags: {
        table: "tag",
        control: {
          POST: {
            all: {
              ...WRITE,
              afterQuery: async ({
                tx,
                changed,
              }: {
                tx: App["database"];
                changed: (...tables: string[]) => void;
              }) => {
                await tx
                  .update(schema.article)
                  .set({ title: "by a hook" })
                  .where(eq(schema.article.id, "a1"));
                changed("article");
              },
            },
          },
        },
      },
    };
    const app = await start(rules);
    const [articles, authors] = [await app.watch(TITLES), await app.watch("authors?select=(columns:(id:T))")];
    await Promise.all([articles.heard(1), authors.heard(1)]);
    await app.database.insert(schema.tag).values({ id: 70, label: "past the engine" });
    await app.post("tags", { id: 71, label: "x" });
    await articles.heard(2);
    expect(articles.json).toBe((await app.get(TITLES)).text);
  });

  test.each([
    ["said nothing: any table may have changed", undefined, true],
    ["said that it wrote nothing", [], false],
    ["named another table", ["tag"], false],
  ] as const)("after a hook that had `tx` and %s", async (_, says, asked) => {
    const rules = {
      ...ARTICLES,
      tags: {
        table: "tag",
        control: {
          POST: {
            all: {
              ...WRITE,
              afterQuery: ({ changed }: { changed: (...tables: readonly string[]) => void }) => {
                if (says !== undefined) changed(...says);
              },
            },
          },
        },
      },
    };
    let count = 0;
    const app = await start(rules, {
      on: "bun:sqlite",
      dialect: (__, found) => counting(found(), () => count++),
    });
    const watching = await app.watch("comments?select=(columns:(id:T))");
    await watching.heard(1);
    await app.post("tags", { id: 70, label: "first" });
    await quiet(); // at the first write the database is asked for triggers
    const before = count;
    await app.post("tags", { id: 71, label: "x" });
    await quiet();
    expect(count - before).toBe(asked ? 1 : 0);
  });

  test("after what the application says that it has written", async () => {
    const app = await start(ARTICLES, { on: "bun:sqlite" });
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    await app.database.update(schema.article).set({ title: "New" }).where(eq(schema.article.id, "a1"));
    await quiet();
    expect(watching.events.length).toBe(1);
    app.route.changed("article");
    await watching.heard(2);
    await app.database.update(schema.article).set({ title: "Newer" }).where(eq(schema.article.id, "a1"));
    app.route.changed();
    await watching.heard(3);
    expect(() => app.route.changed("artikle")).toThrow("`artikle` is no table of the schema");
  });

  test("as often as a rule says whose conditions look at the clock", async () => {
    const rules = {
      articles: {
        table: "article",
        control: {
          GET: {
            all: {
              select: true,
              live: { every: 60 },
              where: (_: unknown, t: typeof schema.article) =>
                sql`${t.createdAt} < (select cast((julianday('now') - 2440587.5) * 86400000 as integer))`,
            },
          },
        },
      },
    };
    const app = await start(rules, { on: "bun:sqlite" });
    const later = new Date(Date.now() + 400);
    await app.database.update(schema.article).set({ createdAt: later }).where(eq(schema.article.id, "a1"));
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    expect(watching.value.count).toBe(5);
    await watching.heard(2);
    expect(watching.value.count).toBe(6);
    expect(Date.now()).toBeGreaterThanOrEqual(later.getTime());
  });

  test("at most every `debounce`, and within a second", async () => {
    let count = 0;
    const app = await start(ARTICLES, {
      on: "bun:sqlite",
      live: { debounce: 100 },
      dialect: (_, found) => counting(found(), () => count++),
    });
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    const [before, began] = [count, performance.now()];
    for (let n = 0; n < 40; n++) {
      await app.database
        .update(schema.article)
        .set({ title: `t${n}` })
        .where(eq(schema.article.id, "a1"));
      app.route.changed("article");
      await Bun.sleep(5);
    }
    await watching.until(() => watching.text.includes("t39"), 1_000);
    expect(count - before).toBeLessThanOrEqual((performance.now() - began) / 100 + 2);
  });
});

describe("equal questions", () => {
  const own = {
    articles: {
      table: "article",
      control: {
        GET: {
          writer: {
            ...ALL,
            where: ({ me }: { me?: number }, t: typeof schema.article, { eq: equals }: { eq: typeof eq }) =>
              equals(t.authorId, me! > 100 ? me! - 100 : me!),
          },
        },
        PATCH: { all: WRITE },
      },
    },
  };

  test("are asked once for callers whose rules answer the same, and for nobody else", async () => {
    let count = 0;
    const app = await start(own, {
      on: "bun:sqlite",
      dialect: (_, found) => counting(found(), () => count++),
    });
    const callers = [2, 102, 2, 1];
    const watchings = [];
    for (const as of callers) watchings.push(await app.watch(TITLES, { as }));
    await Promise.all(watchings.map((one) => one.heard(1)));
    const before = count;
    await app.database.update(schema.article).set({ title: sql`title || '!'` });
    app.route.changed("article");
    await Promise.all(watchings.map((one) => one.heard(2)));
    expect(count - before).toBe(2);
    for (const [index, as] of callers.entries())
      expect(watchings[index]!.json).toBe((await app.get(TITLES, { as })).text);
  });

  test("of a formatter are asked for each, and what it answers is patched", async () => {
    const rules = {
      ...ARTICLES,
      articles: {
        ...ARTICLES.articles,
        formatResult: (_: Request, { result, me }: { result: { rows: object[] }; me?: number }) => ({
          for: me ?? null,
          rows: result.rows,
        }),
      },
    };
    const app = await start(rules);
    const watchings = [await app.watch(TITLES, { as: 1 }), await app.watch(TITLES, { as: 2 })];
    await Promise.all(watchings.map((one) => one.heard(1)));
    await app.database.update(schema.article).set({ title: "Alphb" }).where(eq(schema.article.id, "a1"));
    app.route.changed("article");
    await Promise.all(watchings.map((one) => one.heard(2)));
    expect(watchings.map((one) => one.value.for)).toEqual([1, 2]);
    expect(watchings[0]!.events[1]!.event).toBe("patch");
    expect(watchings[0]!.json).toBe((await app.get(TITLES, { as: 1 })).text);
  });

  test("of a formatter that answers a `Response` end", async () => {
    let responds = false;
    const rules = {
      ...ARTICLES,
      articles: {
        ...ARTICLES.articles,
        formatResult: (_: Request, { result }: { result: { rows: object[] } }) =>
          responds ? new Response("no") : { rows: result.rows },
      },
    };
    const app = await start(rules);
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    responds = true;
    app.route.changed("article");
    await watching.until(() => watching.closed);
    expect(watching.of().end.code).toBe("refused");
  });
});

describe("who asks", () => {
  /** Who may ask, and as whom, changes. */
  function sessions(): {
    readonly roles: Map<string, string | null>;
    readonly options: Partial<QueryRouteOptions>;
  } {
    const roles = new Map<string, string | null>();
    const of = (request: Request): string => request.headers.get("x-session") ?? "";
    return {
      roles,
      options: {
        session: { getRole: (request) => roles.get(of(request)) },
        caller: (_, request) => of(request),
      },
    };
  }
  const rules = {
    articles: {
      table: "article",
      control: {
        GET: {
          editor: ALL,
          writer: { ...ALL, where: (_: unknown, t: typeof schema.article) => eq(t.authorId, 2) },
        },
      },
    },
  };

  test("is asked anew, and the stream ends where he may ask no longer", async () => {
    const { roles, options } = sessions();
    roles.set("s1", "editor");
    const app = await start(rules, { ...(options as object) });
    const watching = await app.watch(TITLES, { headers: { "x-session": "s1" } });
    await watching.heard(1);
    roles.set("s1", null);
    app.route.recheck("s1");
    await watching.until(() => watching.closed);
    const { body } = await app.get(TITLES, { headers: { "x-session": "s1" } });
    expect(watching.events.map(({ event }) => event)).toEqual(["answer", "end"]);
    expect(watching.of().end).toEqual(body);
    expect(watching.of().end.code).toBe("unauthenticated");
  });

  test("is told of the end as a problem, where that is what he takes", async () => {
    const { roles, options } = sessions();
    roles.set("s1", "editor");
    const app = await start(rules, { ...(options as object), problems: true });
    const watching = await app.watch(TITLES, { headers: { "x-session": "s1" } });
    await watching.heard(1);
    roles.set("s1", "reader");
    app.route.recheck();
    await watching.until(() => watching.closed);
    expect(watching.of().end).toMatchObject({ status: 403, type: "urn:bepalo:query:forbidden" });
  });

  test("is another under another role, before anything else is said", async () => {
    const { roles, options } = sessions();
    roles.set("s1", "editor");
    const app = await start(rules, { ...(options as object) });
    const watching = await app.watch(TITLES, { headers: { "x-session": "s1" } });
    await watching.heard(1);
    roles.set("s1", "writer");
    await app.database
      .update(schema.article)
      .set({ title: "Only editors see this" })
      .where(eq(schema.article.id, "a1"));
    app.route.recheck("s1");
    app.route.changed("article");
    await watching.heard(2);
    expect(watching.text).not.toContain("Only editors see this");
    expect(watching.json).toBe((await app.get(TITLES, { headers: { "x-session": "s1" } })).text);
  });

  test("is asked anew every `recheck`, and before what is said unless it was within a second", async () => {
    const { roles, options } = sessions();
    roles.set("s1", "editor");
    roles.set("s2", "editor");
    const app = await start(rules, { ...(options as object), live: { recheck: 1_500 } });
    const idle = await app.watch(TITLES, { headers: { "x-session": "s1" } });
    await idle.heard(1);
    roles.set("s1", null);
    await idle.until(() => idle.closed, 4_000);
    expect(idle.of().end.code).toBe("unauthenticated");
    const busy = await app.watch(TITLES, { headers: { "x-session": "s2" } });
    await busy.heard(1);
    await Bun.sleep(1_050);
    roles.set("s2", null);
    app.route.changed("article");
    await app.database.update(schema.article).set({ title: "Unseen" }).where(eq(schema.article.id, "a1"));
    app.route.changed("article");
    await busy.until(() => busy.closed);
    expect(busy.text).not.toContain("Unseen");
  }, 10_000);

  test("is asked again where that failed, and nothing is said before", async () => {
    let fails = false;
    const app = await start(ARTICLES, {
      session: {
        getRole: () => {
          if (fails) throw new Error("the sessions are away");
          return "writer";
        },
      },
    });
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    fails = true;
    app.route.recheck();
    await app.database.update(schema.article).set({ title: "New" }).where(eq(schema.article.id, "a1"));
    app.route.changed("article");
    await quiet(300);
    expect(watching.events.length).toBe(1);
    fails = false;
    await watching.heard(2, 3_000);
    expect(app.errors.map(String)).toContain("Error: the sessions are away");
  });
});

describe("many questions", () => {
  test("are one stream, whose events carry their keys", async () => {
    const app = await start(ARTICLES);
    const watching = await app.ask([
      { key: "a", url: `/query/${TITLES}` },
      { key: "b", url: `${app.url}authors?select=(columns:(id:T,name:T))` },
    ]);
    await watching.until(() => ["a", "b"].every((key) => watching.of(key).json !== undefined));
    expect(watching.response.headers.get("content-type")).toBe("text/event-stream");
    await app.post("articles", NEW);
    await watching.until(() => watching.of("a").events.length === 2);
    expect(watching.of("a").events[1]!.event).toBe("patch");
    expect(watching.of("b").events.length).toBe(1);
    expect(watching.of("a").json).toBe((await app.get(TITLES)).text);
  });

  test("stand or end each for itself", async () => {
    const app = await start(ARTICLES);
    const watching = await app.ask([
      { key: "a", url: `/query/${TITLES}` },
      { key: "b", url: "/query/tags" },
      { key: "c", url: "/query/nothing" },
    ]);
    await watching.until(
      () =>
        watching.of("a").json !== undefined && ["b", "c"].every((key) => watching.of(key).end !== undefined),
    );
    expect([watching.of("b").end.code, watching.of("c").end.code]).toEqual(["not-live", "unknown-resource"]);
    await app.post("articles", NEW);
    await watching.until(() => watching.of("a").events.length === 2);
    const all = await app.ask([{ key: "b", url: "/query/tags" }]);
    await all.until(() => all.closed);
  });

  test("that are asked again are the same, each by its own id", async () => {
    const app = await start(ARTICLES);
    const first = await app.ask([{ key: "a", url: `/query/${TITLES}` }]);
    await first.until(() => first.of("a").json !== undefined);
    const second = await app.ask([
      { key: "x", url: `/query/${TITLES}`, last: first.of("a").id },
      { key: "y", url: "/query/authors", last: "another" },
    ]);
    await second.until(() => ["x", "y"].every((key) => second.of(key).events.length > 0));
    expect(second.of("x").events[0]!.event).toBe("same");
    expect(second.of("y").events[0]!.event).toBe("answer");
  });

  test.each([
    ["no list", { key: "a" }, "invalid-body"],
    ["an empty list", [], "invalid-body"],
    ["too many", Array.from({ length: 51 }, (_, n) => ({ key: `${n}`, url: "/query/tags" })), "invalid-body"],
    [
      "one key for two",
      [
        { key: "a", url: "/x" },
        { key: "a", url: "/x" },
      ],
      "invalid-body",
    ],
    ["a member that is not known", [{ key: "a", url: "/x", lst: "" }], "invalid-body"],
    ["no key", [{ url: "/x" }], "invalid-body"],
    ["no URL", [{ key: "a", url: 5 }], "invalid-body"],
  ])("are refused for %s", async (_, body, code) => {
    const app = await start(ARTICLES);
    const told = await app.post("$live", body);
    expect([told.status, told.body.code]).toEqual([400, code]);
  });

  test("are asked by POST alone", async () => {
    const app = await start(ARTICLES);
    const { status, headers } = await app.get("$live");
    expect([status, headers.get("allow")]).toEqual([405, "OPTIONS, POST"]);
  });
});

describe("bounds", () => {
  test("`maxStreams` streams are open at once, and one that ends makes room", async () => {
    const app = await start(ARTICLES, { live: { maxStreams: 2 } });
    const streams = [await app.watch(TITLES), await app.ask([{ key: "a", url: "/query/articles" }])];
    const refused = await app.get(TITLES, { headers: { accept: "text/event-stream" } });
    expect([refused.status, refused.body.code, refused.headers.get("retry-after")]).toEqual([
      503,
      "busy",
      "5",
    ]);
    await streams[0]!.close();
    await quiet();
    const third = await app.watch(TITLES);
    await third.heard(1);
  });

  test("`maxStreamsPerCaller` of them are one caller's", async () => {
    const app = await start(ARTICLES, {
      live: { maxStreamsPerCaller: 1 },
      caller: ({ me }: { me?: number }) => (me === undefined ? null : `u${me}`),
    });
    const first = await app.watch(TITLES, { as: 1 });
    await first.heard(1);
    const refused = await app.watch(TITLES, { as: 1 });
    expect(refused.response.status).toBe(503);
    const other = await app.watch(TITLES, { as: 2 });
    await other.heard(1);
  });

  test("`maxLiveAnswer` bounds an answer, at first and later", async () => {
    const app = await start(ARTICLES, { live: { maxLiveAnswer: 400 } });
    const refused = await app.get("articles", { headers: { accept: "text/event-stream" } });
    expect([refused.status, refused.body.code]).toEqual([400, "too-large-answer"]);
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    for (let n = 10; n < 20; n++) await app.post("articles", { ...NEW, id: `a${n}` });
    await watching.until(() => watching.closed);
    expect(watching.of().end.code).toBe("too-large-answer");
  });

  test("`maxAge` ends a stream, whose client is told when to come again", async () => {
    const app = await start(ARTICLES, { live: { maxAge: 500 } });
    const watching = await app.watch(TITLES);
    await watching.heard(1);
    await watching.until(() => watching.closed, 3_000);
    expect(watching.retry).toBeWithin(1_000, 5_001);
    expect(watching.of().end).toBeUndefined();
  });

  test("who does not read gets no queue: he is told the difference to what he has taken, and what is true then", async () => {
    const app = await start(ARTICLES, { on: "bun:sqlite", live: { debounce: 1 } });
    const request = new Request(`${app.url}${TITLES}`, { headers: { accept: "text/event-stream" } });
    const response = await app.route.GET(request);
    const reader = response.body!.getReader();
    const next = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await next()).toContain("event: answer");
    for (let n = 0; n < 30; n++) {
      await app.database
        .update(schema.article)
        .set({ title: `Alpha ${n}` })
        .where(eq(schema.article.id, "a1"));
      app.route.changed("article");
      await Bun.sleep(5);
    }
    await quiet();
    const told = await next();
    expect(told).toContain("event: patch");
    expect(told).toContain("Alpha 29");
    expect(told.match(/Alpha/g)).toHaveLength(1);
    await reader.cancel();
  });

  test("`stallTimeout` closes the stream of one who does not read", async () => {
    const app = await start(ARTICLES, { live: { stallTimeout: 500, maxStreams: 1 } });
    const request = new Request(`${app.url}${TITLES}`, { headers: { accept: "text/event-stream" } });
    const response = await app.route.GET(request);
    const reader = response.body!.getReader();
    await reader.read();
    await Bun.sleep(2_100);
    const texts = [];
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read())
      texts.push(new TextDecoder().decode(value));
    expect(texts.join("")).toMatch(/^retry: \d+\n\n$/);
    const next = await app.watch(TITLES);
    await next.heard(1);
  });

  test("a stream's end frees all that was kept for it", async () => {
    const app = await start(ARTICLES, { on: "bun:sqlite", live: { maxStreamsPerCaller: 500 } });
    const round = async (): Promise<number> => {
      const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
      for (let n = 0; n < 500; n++) {
        const url = `${app.url}articles?select=(where:(views.gt:${n % 50}))`;
        const response = await app.route.GET(new Request(url, { headers: { accept: "text/event-stream" } }));
        readers.push(response.body!.getReader());
        await readers.at(-1)!.read();
      }
      for (const reader of readers) await reader.cancel();
      await Bun.sleep(20);
      Bun.gc(true);
      return heapStats().objectCount;
    };
    await round(); // what is remembered of questions stays
    const before = await round();
    await round();
    // Less than an object for each of the streams.
    expect((await round()) - before).toBeLessThan(500);
  }, 20_000);

  test("a shutdown ends all streams, which come again elsewhere, and lets in no other", async () => {
    const app = await start(ARTICLES);
    const watchings = [await app.watch(TITLES), await app.watch("authors")];
    await Promise.all(watchings.map((one) => one.heard(1)));
    await app.route.close();
    for (const one of watchings) {
      await one.until(() => one.closed);
      expect(one.retry).toBeWithin(1_000, 5_001);
    }
    expect((await app.watch(TITLES)).response.status).toBe(503);
    expect((await app.get(TITLES)).status).toBe(200);
  });
});

describe("at start", () => {
  const mistakesOf = async (acl: object, settings: object = {}): Promise<string> => {
    try {
      await start(acl, settings);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  const entry = (control: object, others: object = {}): object => ({
    articles: { table: "article", control, ...others },
  });

  test.each([
    [
      "a rule that writes",
      entry({ PATCH: { all: { ...WRITE, live: true } } }),
      "only a GET has answers that could be kept true",
    ],
    [
      "a rule with a hook before",
      entry({ GET: { all: { ...ALL, beforeQuery: () => undefined } } }),
      "`beforeQuery` runs with each request",
    ],
    [
      "an entry with a hook behind",
      entry({ GET: { all: ALL } }, { afterQuery: () => undefined }),
      "`afterQuery` runs with each request",
    ],
    [
      "a time that is none",
      entry({ GET: { all: { select: true, live: { every: 0 } } } }),
      "expected true, false or { every:",
    ],
    [
      "a member that is not known",
      entry({ GET: { all: { select: true, live: { evry: 5 } } } }),
      "expected true, false or { every:",
    ],
    [
      "a table that is not there",
      entry({ GET: { all: { ...ALL, dependsOn: ["artikle"] } } }),
      "unknown table `artikle` (did you mean `article`?)",
    ],
    [
      "no list of tables",
      entry({ GET: { all: { ...ALL, dependsOn: "article" } } }),
      "expected a list of tables",
    ],
  ])("%s is a mistake", async (_, acl, sentence) => expect(await mistakesOf(acl)).toContain(sentence));

  test.each([
    ["an option that is not known", { maxStream: 5 }, "live.maxStream: there is no such option"],
    ["a number that is none", { debounce: 0 }, "live.debounce: expected a whole number from 1 to 1000"],
    ["a feed that is none", { feed: {} }, "live.feed: expected a feed"],
  ])("%s is refused", (_, options, sentence) => expect(() => live(options as LiveOptions)).toThrow(sentence));

  test("what `live()` did not make is refused", async () => {
    const refused = serve(ARTICLES as TestACL, { live: true as never });
    expect(refused).rejects.toThrow("live: expected `live()` of `@bepalo/query/live`");
  });
});

describe("a live rule that looks at the clock", () => {
  const told = async (rule: object): Promise<readonly string[]> => {
    const heard: string[] = [];
    const acl = { articles: { table: "article", control: { GET: { all: { select: true, ...rule } } } } };
    await start(acl, { on: "bun:sqlite", onWarning: (sentence) => heard.push(sentence) });
    return heard.filter((sentence) => sentence.includes("clock"));
  };
  const recent = (_: unknown, t: typeof schema.article): SQL => sql`${t.createdAt} > ${Date.now() - 1_000}`;

  test("is suspected, in a condition, a grant, a computed field or a relation", async () => {
    const sentence =
      "it seems to look at the clock, and a live answer is asked again when somebody writes; say `live: { every: 60_000 }`";
    const grant = { select: [{ columns: ["id"] }, { columns: ["title"], when: recent }] };
    const related = { with: { comments: { select: true, where: () => sql`current_timestamp > '2000'` } } };
    const field = { extras: { at: () => sql`datetime('now')` } };
    for (const [rule, place] of [
      [{ where: recent }, "where"],
      [grant, "select"],
      [related, "with.comments.where"],
      [field, "extras.at"],
    ] as const)
      expect(await told({ live: true, ...rule })).toEqual([
        `acl.articles.control.GET.all.${place}: ${sentence}`,
      ]);
  });

  test("is not where it says how often it is asked again, where it is not live, and where it does not look", async () => {
    expect(await told({ live: { every: 1_000 }, where: recent })).toEqual([]);
    expect(await told({ where: recent })).toEqual([]);
    expect(await told({ live: true, where: () => sql`1 = 1` })).toEqual([]);
  });
});
