import { type FormatContext, HttpError } from "@bepalo/query";
import { eq, inArray, sql } from "drizzle-orm";
import type { Held } from "./held.ts";
import type { Rules, TagRule, World } from "./rules.ts";

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Rules whose hooks do what a header of the request says. */
export function hooks({ article, author, tag }: World, held: Held): Rules {
  const audit = { id: 500, label: "audit" };
  const order = (request: Request, hook: string): string | null => request.headers.get(`x-${hook}`);

  const hooked = {
    select: true,
    beforeQuery: async (ctx) => {
      switch (order(ctx.request, "before")) {
        case "write":
          await pause(2);
          await ctx.tx.insert(tag).values(audit);
          return undefined;
        case "throw":
          await ctx.tx.insert(tag).values(audit);
          throw new Error("words of the author");
        case "null":
          await pause(1);
          throw null;
        case "refuse":
          await ctx.tx.insert(tag).values(audit);
          throw new HttpError("closed on sundays", 451);
        case "answer":
          await ctx.tx.insert(tag).values(audit);
          return Response.json({ from: "beforeQuery" }, { status: 202, headers: { "x-own": "1" } });
        case "change":
          ctx.body.label = `${ctx.body.label}!`;
          return undefined;
        case "replace":
          ctx.body = [
            { id: 20, label: "one" },
            { id: 21, label: "two" },
          ];
          return undefined;
        case "spoil":
          ctx.body.id = "text";
          return undefined;
        case "drop":
          delete ctx.body.label;
          return undefined;
        case "together":
          await Promise.all([
            ctx.tx.select().from(tag),
            ctx.tx.insert(tag).values(audit),
            ctx.tx.select().from(tag),
          ]);
          return undefined;
        case "miss": {
          const missing = ctx.body?.parent as number;
          const found = [
            await ctx.tx.select().from(tag).where(eq(tag.id, missing)),
            await ctx.tx.query.tag.findMany({ where: inArray(tag.id, [missing, 1]) }),
            await ctx.tx.update(tag).set({ label: "missed" }).where(eq(tag.id, missing)).returning(),
          ];
          if (found.map((rows) => rows.length).join() !== "0,1,0") throw new Error(JSON.stringify(found));
          return undefined;
        }
        case "hold":
          await held.hold();
          return undefined;
        default:
          return undefined;
      }
    },
    afterQuery: async (ctx) => {
      switch (order(ctx.request, "after")) {
        case "write":
          await pause(2);
          await ctx.tx.update(tag).set({ label: "audited" }).where(eq(tag.id, 500));
          return undefined;
        case "throw":
          await ctx.tx.insert(tag).values({ id: 501, label: "undone" });
          throw new Error("words of the author");
        case "text":
          throw "text";
        case "refuse":
          throw new HttpError("too late", 409);
        case "conflict":
          await ctx.tx.insert(tag).values({ id: 600, label: "news" });
          return undefined;
        case "answer":
          return Response.json({ made: ctx.result.rows }, { status: 201, headers: { "x-own": "1" } });
        case "tell": {
          const labels = await ctx.tx.query.tag.findMany({ orderBy: (t, { asc }) => asc(t.id) });
          return Response.json({ result: ctx.result, labels: labels.map(({ label }) => label) });
        }
        case "hold":
          await held.hold();
          return undefined;
        case "fall":
          await held.hold();
          throw new Error("words of the author");
        default:
          return undefined;
      }
    },
    onQueryError: async (error, ctx) => {
      switch (order(ctx.request, "error")) {
        case "answer":
          await pause(1);
          return Response.json({ sorry: ctx.method, isError: error instanceof Error }, { status: 418 });
        case "throw":
          throw new HttpError("better words", 422);
        case "fail":
          throw new Error("in the handler");
        default:
          return undefined;
      }
    },
  } satisfies TagRule;

  const format = async (request: Request, { tx, result, method }: FormatContext): Promise<unknown> => {
    if (order(request, "before") === "write") await pause(1);
    switch (order(request, "format")) {
      case "throw":
        throw new Error("words of the author");
      case "refuse":
        throw new HttpError("no format today", 418);
      case "loop": {
        const loop: unknown[] = [];
        return loop.push(loop) && loop;
      }
      case "used": {
        const used = new Response("used");
        await used.text();
        return used;
      }
      case "answer":
        return Response.json({ own: result.rowsAffected }, { status: 201 });
      default: {
        const labels = method === "GET" ? [] : await tx.query.tag.findMany({ columns: { label: true } });
        return { ...result, labels: labels.length, tx: tx !== undefined };
      }
    }
  };

  return {
    shaped: {
      table: "tag",
      control: {
        GET: { all: { ...hooked, formatResult: format } },
        POST: { all: { ...hooked, write: true, formatResult: format } },
        PATCH: { all: { ...hooked, write: true, formatResult: format } },
        DELETE: { all: { ...hooked, formatResult: format } },
      },
    },
    shapedEntry: {
      table: "tag",
      formatResult: format,
      control: {
        GET: { all: { select: true } },
        POST: { all: { select: true, write: true } },
        PATCH: { all: { select: true, write: true } },
        DELETE: { all: { select: true } },
      },
    },
    hooked: {
      table: "tag",
      control: {
        GET: { all: hooked },
        POST: { all: { ...hooked, write: true } },
        PATCH: { all: { ...hooked, write: true } },
        DELETE: { all: hooked },
      },
    },
    missed: {
      table: "tag",
      control: {
        GET: {
          all: {
            select: true,
            where: ({ me }, t) => inArray(t.id, [me!, 1]),
            beforeQuery: () => undefined,
          },
        },
      },
    },
    plain: {
      table: "tag",
      control: {
        GET: { all: { select: true } },
        POST: { all: { select: true, write: true } },
        PATCH: { all: { select: true, where: (_, t, { gt }) => gt(t.id, 0) } },
      },
    },
    slow: {
      table: "tag",
      control: {
        GET: { all: { select: true, beforeQuery: () => pause(10) } },
        POST: { all: { select: true, write: true, beforeQuery: () => pause(10) } },
      },
    },
    audited: {
      table: "tag",
      control: {
        GET: {
          all: {
            select: true,
            beforeQuery: async ({ tx }) => {
              await pause(2);
              await tx.insert(author).values({ name: "before", email: crypto.randomUUID() });
            },
            afterQuery: async ({ tx }) => {
              await pause(2);
              await tx.insert(author).values({ name: "after", email: crypto.randomUUID() });
            },
          },
        },
      },
    },
    checkedHook: {
      table: "article",
      control: {
        POST: {
          mine: {
            select: true,
            where: ({ me }, t, { eq }) => eq(t.authorId, me!),
            beforeQuery: async ({ tx }) => void (await tx.insert(tag).values(audit)),
          },
        },
      },
    },
    debuts: {
      table: "article",
      maxRows: 1,
      control: {
        POST: {
          all: {
            select: { columns: ["title", "authorId"] },
            with: { author: { select: { columns: ["name", "email"] } } },
            write: { columns: ["title"] },
            injectBody: ({ author, ...article }, ctx) => {
              Object.assign(ctx, { debutant: author });
              return article;
            },
            beforeQuery: async (ctx) => {
              const { debutant } = ctx as unknown as { debutant?: { name: string; email: string } };
              if (debutant === undefined) throw new HttpError("a debut needs an author", 400);
              const [made] = await ctx.tx.insert(author).values(debutant).returning({ id: author.id });
              ctx.body.authorId = made!.id;
            },
          },
        },
      },
    },
    bumped: {
      table: "article",
      control: {
        PATCH: {
          all: {
            select: { columns: ["id", "views"] },
            beforeQuery: async ({ tx }) => {
              await tx.update(article).set({ views: sql`${article.views} + 1` });
            },
          },
        },
      },
    },
  };
}
