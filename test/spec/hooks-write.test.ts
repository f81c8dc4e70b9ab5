import { describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { HttpError, QueryError } from "@bepalo/query";
import { serve, type TestACL } from "../support/app.ts";
import { article, tag } from "../support/schema.ts";
import { serveShop, shop, type ShopACL } from "../support/shop.ts";
import { closing, type Control, DATABASE_NAMES, dump, path, refusal, server } from "../support/write.ts";

const start = server();
const keep = closing();

type PostRule = NonNullable<NonNullable<Control<"tag">["POST"]>["all"]>;

/** Tags that anybody may write, with hooks around. */
const tags = (
  hooks: Pick<PostRule, "beforeQuery" | "afterQuery" | "onQueryError" | "formatResult">,
): TestACL => ({
  tags: {
    table: "tag",
    control: {
      GET: { all: { select: true, ...hooks } },
      POST: { all: { select: true, write: true, ...hooks } },
      PATCH: { all: { select: true, ...hooks } },
      DELETE: { all: { select: true, ...hooks } },
    },
  },
});

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const row = { id: 9, label: "new" };
const audit = { id: 500, label: "audit" };

describe.each(DATABASE_NAMES)("on %s", (on) => {
  /** Each method once, on a row that exists or is made. */
  const METHODS = [
    ["POST", "tags", row],
    ["PATCH", "tags?select=(where:(id:3))", { label: "changed" }],
    ["DELETE", "tags?select=(where:(id:3))", undefined],
  ] as const;
  const sending = (body: unknown): object =>
    body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };

  test.each(METHODS)(
    "hooks of a %s run around the statement, in the transaction, and are awaited",
    async (method, where, body) => {
      const seen: unknown[] = [];
      const app = await start(
        tags({
          beforeQuery: async (ctx) => {
            await pause(5);
            seen.push("before", await ctx.tx.$count(tag, eq(tag.label, "audit")));
            await ctx.tx.insert(tag).values(audit);
          },
          afterQuery: async (ctx) => {
            await pause(5);
            seen.push("after", ctx.result.rowsAffected, ctx.result.rows.length);
            await ctx.tx.update(tag).set({ label: "audited" }).where(eq(tag.id, 500));
          },
        }),
        { on },
      );
      const answer = await app.send(method, where, sending(body));
      expect(answer.status).toBe(200);
      expect(answer.body.rowsAffected).toBe(1);
      expect(seen).toEqual(["before", 0, "after", 1, 1]);
      expect((await app.database.select().from(tag).where(eq(tag.id, 500)))[0]!.label).toBe("audited");
    },
  );

  describe.each(METHODS)("a %s whose hook", (method, where, body) => {
    const check = async (
      hooks: Parameters<typeof tags>[0],
      status: number,
      code?: string,
    ): Promise<unknown[]> => {
      const app = await start(tags(hooks), { on });
      const before = await dump(app.database);
      const answer = await app.send(method, where, sending(body));
      expect(answer.status).toBe(status);
      if (code !== undefined) expect(answer.body.code).toBe(code);
      expect(await dump(app.database)).toBe(before);
      const next = await app.send("GET", "tags?select=(where:(id:1))");
      expect([200, status]).toContain(next.status);
      return app.errors;
    };
    const writing = async ({
      tx,
    }: {
      tx: { insert: (table: typeof tag) => { values(row: object): Promise<unknown> } };
    }): Promise<void> => {
      await tx.insert(tag).values(audit);
      await pause(5);
    };

    test("throws before the statement leaves nothing behind, what it wrote itself included", async () => {
      const errors = await check(
        {
          beforeQuery: async (ctx) => {
            if (ctx.method === "GET") return;
            await writing(ctx);
            throw new Error("before");
          },
        },
        500,
        "internal-error",
      );
      expect(errors).toEqual([new Error("before")]);
    });

    test("throws after the statement leaves nothing behind", async () => {
      const errors = await check(
        {
          afterQuery: async (ctx) => {
            if (ctx.method === "GET") return;
            await writing(ctx);
            throw new Error("after");
          },
        },
        500,
        "internal-error",
      );
      expect(errors).toEqual([new Error("after")]);
    });

    test.each([
      ["null", null],
      ["undefined", undefined],
      ["a text", "text"],
      ["an object", { code: 7 }],
    ])("throws %s is 500 and rolled back, and the server lives on", async (_, thrown) => {
      const errors = await check(
        {
          afterQuery: async (ctx) => {
            if (ctx.method === "GET") return;
            await pause(1);
            throw thrown;
          },
        },
        500,
        "internal-error",
      );
      expect(errors).toHaveLength(1);
    });

    test("throws an HttpError keeps its status and words, and is rolled back", async () => {
      await check(
        {
          beforeQuery: async (ctx) => {
            if (ctx.method === "GET") return;
            await writing(ctx);
            throw new HttpError("closed on sundays", 451);
          },
        },
        451,
      );
    });

    test("answers a Response before the statement ends the request after a rollback", async () => {
      await check(
        {
          beforeQuery: async (ctx) => {
            if (ctx.method === "GET") return undefined;
            await writing(ctx);
            return Response.json({ code: "own" }, { status: 202 });
          },
          afterQuery: (ctx) => {
            if (ctx.method !== "GET") throw new Error("never reached");
          },
        },
        202,
        "own",
      );
    });

    test("violates a constraint in its own write is 409 and rolled back", async () => {
      await check(
        {
          afterQuery: async (ctx) => {
            if (ctx.method === "GET") return;
            await ctx.tx.insert(tag).values({ id: 600, label: "news" });
          },
        },
        409,
        "conflict",
      );
    });
  });

  test("a Response of afterQuery is the answer, and the write is committed", async () => {
    const app = await start(
      tags({
        afterQuery: async (ctx) => {
          await pause(2);
          return Response.json(
            { made: ctx.result.rows[0].label },
            { status: 201, headers: { "x-own": "1" } },
          );
        },
      }),
      { on },
    );
    const answer = await app.post("tags", row);
    expect([answer.status, answer.body, answer.headers.get("x-own")]).toEqual([201, { made: "new" }, "1"]);
    expect(await app.database.$count(tag)).toBe(4);
  });

  test("beforeQuery may change what is written, and what it changes is checked again", async () => {
    const app = await start(
      tags({
        beforeQuery: async (ctx) => {
          await pause(1);
          if (ctx.method !== "POST") return;
          if (ctx.body.label === "replace")
            ctx.body = [
              { id: 20, label: "one" },
              { id: 21, label: "two" },
            ];
          else if (ctx.body.label === "break") ctx.body.id = "text";
          else if (ctx.body.label === "drop") delete ctx.body.label;
          else ctx.body.label = `${ctx.body.label}!`;
        },
      }),
      { on },
    );
    expect((await app.post("tags", { ...row })).body.tags).toEqual([{ id: 9, label: "new!" }]);
    expect((await app.post("tags", { id: 10, label: "replace" })).body.tags).toEqual([
      { id: 20, label: "one" },
      { id: 21, label: "two" },
    ]);
    const before = await dump(app.database);
    expect(refusal(await app.post("tags", { id: 10, label: "break" }))).toEqual({
      status: 400,
      code: "invalid-value",
      path: "id",
    });
    expect(refusal(await app.post("tags", { id: 10, label: "drop" }))).toEqual({
      status: 400,
      code: "invalid-body",
      path: "label",
    });
    expect(await dump(app.database)).toBe(before);
  });

  test("beforeQuery may fill in what a row needs", async () => {
    const app = await start(
      tags({ beforeQuery: (ctx) => void (ctx.method === "POST" && (ctx.body.label = "filled")) }),
      {
        on,
      },
    );
    expect((await app.post("tags", { id: 9 })).body.tags).toEqual([{ id: 9, label: "filled" }]);
  });

  test("a row that fails its check takes along what the hooks wrote", async () => {
    const app = await start(
      {
        articles: {
          table: "article",
          control: {
            POST: {
              writer: {
                select: true,
                where: ({ me }, table, { eq }) => eq(table.authorId, me!),
                beforeQuery: async ({ tx }) => void (await tx.insert(tag).values(audit)),
              },
            },
          },
        },
      },
      { on },
    );
    const before = await dump(app.database);
    const answer = await app.post("articles", { authorId: 1, title: "t" }, { as: 2 });
    expect(refusal(answer)).toEqual({ status: 403, code: "check-failed" });
    expect(await dump(app.database)).toBe(before);
  });

  test("afterQuery sees the rows, the counts and the total of the very transaction", async () => {
    let seen: unknown;
    const app = await start(tags({ afterQuery: (ctx) => void (seen = { ...ctx.result }) }), { on });
    const answer = await app.post("tags?countTotal", [row, { id: 10, label: "x" }]);
    const rows = [row, { id: 10, label: "x" }];
    expect(seen).toEqual({ rows, rowsAffected: 2, count: 2, total: 5 });
    expect(answer.body).toEqual({ total: 5, rowsAffected: 2, count: 2, tags: rows });
  });

  test("a hook that reads through `tx` sees what the statement did", async () => {
    let seen: unknown;
    const app = await start(
      tags({
        afterQuery: async ({ tx }) => {
          await pause(1);
          seen = await tx.query.tag.findMany({ where: eq(tag.id, 9) });
        },
      }),
      { on },
    );
    await app.post("tags", row);
    expect(seen).toEqual([row]);
  });

  test("a read's hook may write through `tx`, and that is committed with it, or rolled back with it", async () => {
    const app = await start(
      tags({
        beforeQuery: async (ctx) => void (await ctx.tx.insert(tag).values(audit)),
        afterQuery: async (ctx) => {
          await pause(1);
          if (ctx.request.headers.has("x-fail")) throw new HttpError("no", 409);
          if (ctx.request.headers.has("x-end")) return Response.json("ended");
          return undefined;
        },
      }),
      { on },
    );
    const before = await dump(app.database);
    expect((await app.get("tags", { headers: { "x-fail": "1" } })).status).toBe(409);
    expect(await dump(app.database)).toBe(before);
    const read = await app.get("tags");
    expect(read.body.count).toBe(4);
    expect(await app.database.$count(tag)).toBe(4);
    await app.database.delete(tag).where(eq(tag.id, 500));
    expect((await app.get("tags", { headers: { "x-end": "1" } })).body).toBe("ended");
    expect(await app.database.$count(tag)).toBe(4);
  });

  describe("onQueryError", () => {
    test("is asked for what the database refused, and its Response is the answer", async () => {
      const seen: unknown[] = [];
      const app = await start(
        tags({
          onQueryError: async (error, ctx) => {
            await pause(1);
            seen.push(error instanceof Error, ctx.method);
            return Response.json({ sorry: true }, { status: 418 });
          },
        }),
        { on },
      );
      const before = await dump(app.database);
      const answer = await app.post("tags", { id: 1, label: "taken" });
      expect([answer.status, answer.body]).toEqual([418, { sorry: true }]);
      expect(seen).toEqual([true, "POST"]);
      expect(await dump(app.database)).toBe(before);
    });

    test("that answers nothing leaves the refusal as it is", async () => {
      let asked = 0;
      const app = await start(tags({ onQueryError: () => void asked++ }), { on });
      expect(refusal(await app.post("tags", { id: 1, label: "taken" }))).toEqual({
        status: 409,
        code: "conflict",
      });
      expect(asked).toBe(1);
    });

    test.each([
      ["an error of a hook", new Error("own")],
      ["null", null],
      ["an HttpError of a hook", new HttpError("own", 403)],
    ])("is asked for %s", async (_, thrown) => {
      const seen: unknown[] = [];
      const app = await start(
        tags({
          beforeQuery: () => {
            throw thrown;
          },
          onQueryError: (error) => {
            seen.push(error);
            return new Response("handled", { status: 400 });
          },
        }),
        { on },
      );
      expect((await app.post("tags", row)).text).toBe("handled");
      expect(seen).toEqual([thrown]);
    });

    test("is asked for a check that failed", async () => {
      const seen: unknown[] = [];
      const app = await start(
        {
          tags: {
            table: "tag",
            control: {
              POST: {
                all: {
                  select: true,
                  write: true,
                  check: () => false,
                  onQueryError: (error) => void seen.push(error),
                },
              },
            },
          },
        },
        { on },
      );
      expect(refusal(await app.post("tags", row))).toEqual({ status: 403, code: "check-failed" });
      expect(seen).toHaveLength(1);
      expect(seen[0]).toBeInstanceOf(QueryError);
    });

    test("is not asked for what is refused before the transaction", async () => {
      let asked = 0;
      const app = await start(tags({ onQueryError: () => void asked++ }), { on });
      expect(refusal(await app.post("tags", { id: "x" })).code).toBe("invalid-value");
      expect(refusal(await app.patch("tags?select=(where:(nothing:1))", { label: "x" })).code).toBe(
        "unknown-column",
      );
      expect(asked).toBe(0);
    });

    test.each([
      ["an error", new Error("in the handler"), 500],
      ["null", null, 500],
      ["an HttpError", new HttpError("better words", 422), 422],
    ])("that throws %s ends in one place too", async (_, thrown, status) => {
      const app = await start(
        tags({
          onQueryError: () => {
            throw thrown;
          },
        }),
        { on },
      );
      const answer = await app.post("tags", { id: 1, label: "taken" });
      expect(answer.status).toBe(status);
      expect(answer.body.error).toBe(status === 422 ? "better words" : "something went wrong on the server");
      expect((await app.get("tags")).status).toBe(200);
    });
  });

  test("formatResult shapes the answer of a write, and its failing undoes the write", async () => {
    const app = await start(
      tags({
        formatResult: async (_, ctx) => {
          await pause(1);
          if (ctx.method === "PATCH") throw new Error("too late");
          return { made: ctx.result.rowsAffected, at: new Date(0), big: 10n };
        },
      }),
      { on },
    );
    expect((await app.post("tags", row)).body).toEqual({
      made: 1,
      at: "1970-01-01T00:00:00.000Z",
      big: "10",
    });
    expect(refusal(await app.patch("tags?select=(where:(id:9))", { label: "kept" }))).toEqual({
      status: 500,
      code: "internal-error",
    });
    expect((await app.database.select().from(tag).where(eq(tag.id, 9)))[0]!.label).toBe(row.label);
  });

  test.each(METHODS)(
    "the route's own formatResult of a %s undoes what it fails of",
    async (method, where, body) => {
      const formatResult = (): never => {
        throw new HttpError("no", 418);
      };
      const app = await start(tags({}), { on, defaults: { formatResult } });
      const before = await dump(app.database);
      expect((await app.send(method, where, sending(body))).status).toBe(418);
      expect(await dump(app.database)).toBe(before);
    },
  );

  test.each(METHODS)("rows of a %s that no JSON can say are never kept", async (method, where, body) => {
    const app = await start(
      tags({
        afterQuery: ({ result }) => {
          result.rows[0].self = result.rows[0];
        },
      }),
      { on },
    );
    const before = await dump(app.database);
    expect(refusal(await app.send(method, where, sending(body)))).toEqual({
      status: 500,
      code: "internal-error",
    });
    expect(await dump(app.database)).toBe(before);
  });

  test("an error that is thrown again and again is not written to, and each answer is its own", async () => {
    const own = Object.freeze(new Error("own"));
    const before = new Error("before");
    const throws = {
      beforeQuery: () => {
        throw before;
      },
      onQueryError: () => {
        throw own;
      },
    };
    const app = await start(
      {
        ...tags({ onQueryError: throws.onQueryError }),
        hooked: { table: "tag", control: { POST: { all: { select: true, write: true, ...throws } } } },
        bare: {
          table: "tag",
          control: { POST: { all: { select: true, write: true, beforeQuery: throws.onQueryError } } },
        },
      },
      { on },
    );
    const taken = { id: 1, label: "taken" };
    const FAULT = { status: 500, code: "internal-error" };
    expect(refusal(await app.post("tags", taken))).toEqual(FAULT);
    expect(app.errors.splice(0)).toEqual([expect.any(Error), own]);
    expect(refusal(await app.post("hooked", row))).toEqual(FAULT);
    expect(app.errors.splice(0)).toEqual([before, own]);
    expect(refusal(await app.post("bare", row))).toEqual(FAULT);
    expect(app.errors.splice(0)).toEqual([own]);
    expect([own.cause, before.cause]).toEqual([undefined, undefined]);
  });

  test("the same context goes through every hook of one request, and none into another", async () => {
    const app = keep(
      await serve(
        {
          tags: {
            table: "tag",
            control: {
              POST: {
                all: {
                  select: true,
                  write: true,
                  injectBody: (body, ctx) => {
                    const own = ctx as unknown as { trail?: string[] };
                    expect(own.trail).toBeUndefined();
                    own.trail = ["inject"];
                    return body;
                  },
                  beforeQuery: async (ctx) => {
                    await pause(3);
                    (ctx as unknown as { trail: string[] }).trail.push("before");
                  },
                  afterQuery: (ctx) => Response.json((ctx as unknown as { trail: string[] }).trail),
                },
              },
            },
          },
        } satisfies TestACL,
        { on },
      ),
    );
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => app.post("tags", { id: 100 + i, label: `t${i}` })),
    );
    for (const { body } of answers) expect(body).toEqual(["inject", "before"]);
  });
});

/*
 * The manual: "creating dependencies. eg. company-admin user creation before company creation. […] The 'admin' entry
 * would be filtered out at injection phase and the admin data be stored in context. Then the admin would be registered
 * as a user in the before query phase."
 */
describe.each(DATABASE_NAMES)("a company with its admin in one POST (%s)", (on) => {
  interface Registering {
    admin?: { name: string; email: string };
  }
  const acl = {
    companies: {
      table: "company",
      control: {
        POST: {
          all: {
            select: true,
            with: { admin: { select: { columns: ["name", "email"] } } },
            write: { columns: ["name"] },
            injectBody: ({ admin, ...company }, ctx) => {
              ctx.admin = admin;
              return company;
            },
            beforeQuery: async (ctx) => {
              if (ctx.admin === undefined) throw new HttpError("a company needs an admin", 400);
              const [made] = await ctx.tx
                .insert(shop.person)
                .values(ctx.admin)
                .returning({ id: shop.person.id });
              ctx.body.adminId = made!.id;
            },
          },
        },
      },
    },
  } satisfies ShopACL<Registering>;
  const natnael = { name: "Natnael", email: "me@example.com" };

  test("registers the admin and makes the company hers", async () => {
    const app = keep(await serveShop<Registering>(acl, { on }));
    const answer = await app.post(path("companies", { columns: { name: true }, with: { admin: true } }), {
      name: "Barber Shop",
      admin: natnael,
    });
    expect(answer.body.companies).toEqual([{ name: "Barber Shop", admin: natnael }]);
    expect(await app.database.$count(shop.person)).toBe(1);
  });

  test("registers nobody when the company cannot be made", async () => {
    const app = keep(await serveShop<Registering>(acl, { on }));
    await app.post("companies", { name: "Barber Shop", admin: natnael });
    const before = await dump(app.database);
    const again = await app.post("companies", {
      name: "Barber Shop",
      admin: { name: "Ann", email: "ann@example.com" },
    });
    expect(refusal(again)).toEqual({ status: 409, code: "conflict" });
    const taken = await app.post("companies", { name: "Bakery", admin: natnael });
    expect(refusal(taken)).toEqual({ status: 409, code: "conflict" });
    const nobody = await app.post("companies", { name: "Bakery" });
    expect([nobody.status, nobody.body.error]).toEqual([400, "a company needs an admin"]);
    const forged = await app.post("companies", { name: "Bakery", admin: natnael, adminId: "x" });
    expect(refusal(forged)).toEqual({ status: 400, code: "unknown-column", path: "adminId" });
    expect(await dump(app.database)).toBe(before);
  });
});

test("an article's PATCH hooks see the body as the database takes it: dates are dates", async () => {
  let seen: unknown;
  const app = await start({
    articles: {
      table: "article",
      control: { PATCH: { all: { select: true, beforeQuery: (ctx) => void (seen = ctx.body.createdAt) } } },
    },
  });
  const createdAt = "2024-01-02T03:04:05.678Z";
  await app.patch(path("articles", { where: { id: "a1" } }), { createdAt });
  expect(seen).toEqual(new Date(createdAt));
  expect((await app.database.select().from(article).where(eq(article.id, "a1")))[0]!.createdAt).toEqual(
    new Date(createdAt),
  );
});
