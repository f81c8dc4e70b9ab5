import { createClient } from "@libsql/client";
import { describe, expect, test } from "bun:test";
import { type } from "arktype";
import { relations, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzle } from "drizzle-orm/libsql";
import * as v from "valibot";
import { createQueryHandler } from "@bepalo/query";
import { openapi } from "@bepalo/query/openapi";
import { z } from "zod";
import { Judge, posedBy } from "../support/documents.ts";

// What is written under rules in which functions of their author decide: an example is there where it is known to work.

const user = sqliteTable("user", {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  email: text(),
});
const note = sqliteTable("note", {
  id: integer().primaryKey(),
  userId: integer().notNull(),
  kind: text({ enum: ["plain", "loud"] }).notNull(),
  title: text().notNull(),
  size: integer(),
});
const leaf = sqliteTable("leaf", {
  id: integer().primaryKey(),
  userId: integer()
    .notNull()
    .references(() => user.id),
  text: text().notNull(),
});
const leafRelations = relations(leaf, ({ one }) => ({
  user: one(user, { fields: [leaf.userId], references: [user.id] }),
}));
const schema = { user, note, leaf, leafRelations };

interface Session {
  readonly user: { readonly id: number };
  readonly admin?: true;
}

const columns = { write: { columns: ["kind", "title", "size"] } };
const inject = (body: object, { user: who }: Session): object => ({ ...body, userId: who.id });
const own = ({ user: who }: Session, table: any, { eq }: any): unknown => eq(table.userId, who.id);
const guarded = ({ user: who }: Session, table: any, { eq }: any): unknown => who && eq(table.userId, who.id);
const both = ({ user: who }: Session, table: any, { and, eq }: any): unknown =>
  and(eq(table.userId, who.id), eq(table.kind, "plain"));
const zod = z.strictObject({ title: z.string().min(12), kind: z.literal("loud"), size: z.int().min(7) });
const mail = z.object({ name: z.email(), email: z.url() });
const ark = type({ title: "string.email", kind: "'loud'" }).onUndeclaredKey("reject");
const valibot = v.strictObject({
  title: v.pipe(v.string(), v.url()),
  kind: v.picklist(["loud"]),
  size: v.optional(v.number()),
});

/** Rules of notes under which something is known to work. */
const KNOWN: Readonly<Record<string, object>> = {
  "what is added, and asked of rows": { ...columns, injectBody: inject, where: own },
  "what is asked of rows, to somebody": { ...columns, injectBody: inject, where: guarded },
  "two things that are asked of rows": { ...columns, injectBody: inject, check: both },
  "what is asked of rows in the end": { ...columns, injectBody: inject, ensure: own },
  "nothing that is asked": { ...columns, injectBody: inject, where: own, check: () => true },
  "a validator of Zod": { ...columns, validateBody: zod, injectBody: inject },
  "a validator of Valibot": { ...columns, validateBody: valibot, injectBody: inject },
  "a validator of ArkType": { ...columns, validateBody: ark, injectBody: inject },
  "a function that validates": {
    ...columns,
    validateBody: (body: object) => ark.assert(body),
    injectBody: inject,
  },
  "one that throws of itself": {
    ...columns,
    validateBody: (body: { size?: number }) => zod.parse(body),
    injectBody: inject,
  },
};

/** Rules under which nothing is, and why. */
const UNKNOWN: Readonly<Record<string, readonly [rule: object, why: string]>> = {
  "a validator that waits": [
    { ...columns, validateBody: async (body: object) => body, injectBody: inject },
    "validator",
  ],
  "a validator that wants to know who asks": [
    { ...columns, validateBody: (body: object, _context: object) => body, injectBody: inject },
    "validator",
  ],
  "a validator that takes nothing": [
    { ...columns, validateBody: z.never(), injectBody: inject },
    "validator",
  ],
  "an injection that calls": [
    { ...columns, injectBody: (body: object) => ({ ...body, userId: Math.abs(1) }) },
    "injectBody",
  ],
  "an injection that depends": [
    { ...columns, injectBody: (body: object, { admin }: Session) => (admin ? body : { ...body, userId: 1 }) },
    "injectBody",
  ],
  "what is asked of other rows": [
    { ...columns, injectBody: inject, check: () => sql`exists (select 1 from ${user})` },
    "whether a row may be written",
  ],
  "what is another's": [
    { ...columns, injectBody: inject, check: (_: Session, table: any, { eq }: any) => eq(table.userId, 7) },
    "whether a row may be written",
  ],
  "what some are let": [
    {
      ...columns,
      injectBody: inject,
      check: ({ admin }: Session, table: any, { eq }: any) => admin && eq(table.kind, "plain"),
    },
    "whether a row may be written",
  ],
  "a hook": [{ ...columns, injectBody: inject, beforeQuery: () => undefined }, "hooks"],
  "a column that nobody sets": [{ write: { columns: ["kind", "title"] } }, "no value"],
};

const entries = (control: (rule: object) => object) =>
  Object.fromEntries(
    [...Object.entries(KNOWN), ...Object.entries(UNKNOWN).map(([name, [rule]]) => [name, rule] as const)].map(
      ([name, rule]) => [name, { table: "note", control: control({ select: true, ...rule }) }],
    ),
  );

/** Sends all examples of a document, as somebody who is signed in; answers the names of what they are sent to. */
async function send(
  acl: object,
  more: object = {},
): Promise<{ sent: string[]; document: ReturnType<typeof openapi> }> {
  const document = openapi(acl as never, schema, { role: "user", ...more });
  const client = createClient({ url: ":memory:" });
  await client.executeMultiple(`create table user (id integer primary key, name text not null unique, email text);
    create table note (id integer primary key, userId integer not null, kind text not null, title text not null, size integer);
    create table leaf (id integer primary key, userId integer not null references user (id), text text not null);
    insert into user values (1, 'Ann', null); insert into note values (1, 1, 'plain', 'There', 1)`);
  const session: Session = { user: { id: 1 } };
  const handler = createQueryHandler({
    acl: acl as never,
    schema,
    database: drizzle(client, { schema }),
    ...more,
    onWarning: () => undefined,
    onError: (error) => console.error(error),
    session: { getRole: () => "user", parser: (_, context) => void Object.assign(context, session) },
  });
  const judge = new Judge(document);
  const sent: string[] = [];
  for (const posed of posedBy(document)) {
    const { method, url, body } = posed;
    const answer = await handler(
      new Request(`http://local/query${url}`, {
        method,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
      }),
    );
    const text = await answer.text();
    expect([method, url, body, answer.status, text]).toEqual([method, url, body, 200, text]);
    judge.expect(posed, answer.status, text === "" ? undefined : JSON.parse(text));
    sent.push(decodeURIComponent(url.slice(1).split("?")[0]!));
  }
  client.close();
  return { sent, document };
}

describe("a new row", () => {
  const acl = entries((rule) => ({ POST: { user: rule } }));

  test("has an example where it is known what works, else it is said why there is none", async () => {
    const { sent, document } = await send(acl);
    expect(sent.toSorted()).toEqual(Object.keys(KNOWN).toSorted());
    for (const [name, [, why]] of Object.entries(UNKNOWN))
      expect(document.paths[`/${encodeURIComponent(name)}`]!["post"]!.description).toMatch(
        new RegExp(`^There is no example: .*${why}`),
      );
  });

  test("is what its validator takes, not what it takes first", async () => {
    const { document } = await send({ notes: acl["a validator of Zod"] });
    expect(document.paths["/notes"]!["post"]!.requestBody!.content["application/json"]!.examples).toEqual({
      row: { value: { title: expect.stringMatching(/^.{12,}$/), kind: "loud", size: 7 } },
    });
  });

  test("has what functions of its table set, and is of whom its table says", async () => {
    const tables = { note: { where: own, set: { userId: ({ user: who }: Session) => who.id } } };
    expect(
      (await send({ notes: { table: "note", control: { POST: { user: { select: true } } } } }, { tables }))
        .sent,
    ).toEqual(["notes"]);
    const called = { note: { where: own, set: { userId: ({ user: who }: Session) => Math.abs(who.id) } } };
    const { sent } = await send(
      { notes: { table: "note", control: { POST: { user: { select: true } } } } },
      { tables: called },
    );
    expect(sent).toEqual([]);
  });

  test("makes the row that it refers to, where that may be made with it", async () => {
    const users = { table: "user", control: { POST: { user: { select: true, validateBody: mail } } } };
    const leaves = (nest: object) => ({
      table: "leaf",
      control: { POST: { user: { select: true, nest, write: { columns: ["userId", "text"] } } } },
    });
    const { sent, document } = await send({
      leaves: leaves({ user: "users" }),
      twigs: leaves({ user: "users" }),
      users,
    });
    expect(sent).toEqual(["leaves", "twigs", "users"]);
    expect(document.paths["/leaves"]!["post"]!.requestBody!.content["application/json"]!.examples).toEqual({
      row: {
        value: {
          text: "example",
          user: { create: { name: expect.stringContaining("@"), email: expect.any(String) } },
        },
      },
    });
    const alone = await send({ leaves: leaves({}) });
    expect(alone.document.paths["/leaves"]!["post"]!.description).toContain("refers to rows");
  });
});

test("a change that meets no row has an example whatever is asked of rows", async () => {
  const { sent, document } = await send(
    entries((rule) => ({ PATCH: { user: rule }, DELETE: { user: { select: true } } })),
  );
  const patched = new Set(sent.filter((name, index) => sent.indexOf(name) !== index));
  const never = ["validator", "injectBody", "hooks"];
  for (const [name, [, why]] of Object.entries(UNKNOWN))
    expect([name, patched.has(name)]).toEqual([name, !never.includes(why)]);
  for (const name of Object.keys(KNOWN)) expect([name, patched.has(name)]).toEqual([name, true]);
  expect(document.paths["/a%20hook"]!["patch"]!.description).toContain("its hooks decide");
});
