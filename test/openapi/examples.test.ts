import { describe, expect, test } from "bun:test";
import { parse } from "@bepalo/query/rjson";
import { createQueryHandler, type Explanation, type QueryHandler } from "@bepalo/query";
import { type JSONSchema, openapi, type OpenAPIDocument } from "@bepalo/query/openapi";
import acl, { tables } from "@/db/acl";
import * as sandboxSchema from "@/db/schema";
import * as blogTables from "../support/blog-tables.ts";
import { fill } from "../support/data.ts";
import { expectValid, Judge, posedBy } from "../support/documents.ts";
import * as kept from "../support/kept.ts";
import * as keyed from "../support/keyed.ts";
import { LIBRARY } from "../support/library.ts";
import { maskedTables } from "../support/masked.ts";
import * as met from "../support/met.ts";
import { BLOG, TABLES } from "../support/nested.ts";
import { OPEN_ROLES, openRules } from "../support/open-rules.ts";
import { kindsSchema } from "../support/postgresql-kinds.ts";
import { LOCAL, mood } from "../support/postgresql-types.ts";
import { isLeftOut, openPostgresql } from "../support/postgresql.ts";
import * as blog from "../support/schema.ts";
import { SEARCHED } from "../support/searched.ts";
import { openTables, shop } from "../support/shop.ts";
import * as tenants from "../support/tenants.ts";
import { drawPools, drawWorld, schemaOf } from "../support/worlds.ts";
import { SCHEMAS } from "../support/written-once.ts";

// Every document is valid, and what it gives as an example is answered as it says.

type Schema = Record<string, unknown>;

/** The schemas of the tests, in either database's words where there are two. */
const SCHEMAS_OF_TESTS: Readonly<Record<string, { readonly sqlite?: Schema; readonly postgresql?: Schema }>> =
  {
    blog: { sqlite: blog },
    shop: { sqlite: shop },
    library: LIBRARY,
    "blog in both": { sqlite: blogTables.sqlite, postgresql: blogTables.postgresql },
    nested: TABLES,
    kept: { sqlite: kept.sqlite, postgresql: kept.postgresql },
    keyed: { sqlite: keyed.sqlite, postgresql: keyed.postgresql },
    met: { sqlite: met.sqlite, postgresql: met.postgresql },
    masked: maskedTables,
    searched: SEARCHED,
    tenants: { sqlite: tenants.sqlite, postgresql: tenants.postgresql },
    "written once": SCHEMAS,
    kinds: { postgresql: kindsSchema },
  };

/** Schemas of both databases that are tried out on both; of the others the documents say the same. */
const TWICE: ReadonlySet<string> = new Set(["nested"]);

const PLACES = Object.entries(SCHEMAS_OF_TESTS).flatMap(([name, { sqlite, postgresql }]) => [
  ...(sqlite === undefined ? [] : [{ name, on: "sqlite" as const, schema: sqlite }]),
  ...(postgresql === undefined || (sqlite !== undefined && !TWICE.has(name))
    ? []
    : [{ name: `${name}, postgresql`, on: "postgresql" as const, schema: postgresql }]),
]);

const open = async (
  on: "sqlite" | "postgresql",
  schema: Schema,
): Promise<{ readonly database: unknown; readonly close: () => unknown }> =>
  on === "sqlite" ? openTables(schema, "bun:sqlite") : openPostgresql("bun-sql", schema);

/** Whether a selector, or a body, is what the document says that it takes. */
function expectTaken(document: OpenAPIDocument, judge: Judge): void {
  for (const { operation, url, body } of posedBy(document)) {
    const query = new URLSearchParams(url.split("?")[1] ?? "");
    for (const name of ["select", "aggregate"]) {
      const text = query.get(name);
      const schema = operation.parameters.find((parameter) => parameter.name === name)?.schema.contentSchema;
      if (text !== null) expect([text, judge.takes(schema as JSONSchema, parse(text))]).toEqual([text, true]);
    }
    const taken = operation.requestBody?.content["application/json"]?.schema;
    if (body !== undefined) expect([body, judge.takes(taken as JSONSchema, body)]).toEqual([body, true]);
  }
}

/** What is answered is explained, too, by statements that the database plans. */
async function expectExplained(handler: QueryHandler, method: string, url: string): Promise<void> {
  const request = encodeURIComponent(`${method} /query${url}`);
  const answer = await handler(new Request(`http://local/query/$explain?request=${request}`));
  const { refused, rule, statements } = (await answer.json()) as Explanation;
  expect([method, url, answer.status, refused, typeof rule]).toEqual([method, url, 200, undefined, "string"]);
  for (const { plan } of statements!) expect(plan.length).toBeGreaterThan(0);
  if (method !== "POST") expect(statements!.length).toBeGreaterThan(0);
}

interface Tried {
  readonly acl: object;
  readonly schema: Schema;
  readonly database: unknown;
  readonly role: string | undefined;
}

/** Sends all examples of a role's document; answers how many there were. */
async function tryOut(
  { acl: rules, schema, database, role }: Tried,
  document: OpenAPIDocument,
): Promise<number> {
  const handler = createQueryHandler({
    acl: rules as never,
    database,
    schema,
    onWarning: () => undefined,
    session: { getRole: () => role },
    inspect: () => true,
    onError: (error) => console.error(error),
  });
  const judge = new Judge(document);
  // Selectors are large, and take long to be compiled.
  if (schema === blog && role !== undefined) expectTaken(document, judge);
  let sent = 0;
  for (const posed of posedBy(document)) {
    const { method, url, body } = posed;
    const request = new Request(`http://local/query${url}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
    const answer = await handler(request);
    const text = await answer.text();
    expect([posed.name, method, url, body, answer.status, text]).toEqual([
      posed.name,
      method,
      url,
      body,
      200,
      text,
    ]);
    judge.expect(posed, answer.status, text === "" ? undefined : JSON.parse(text));
    if (schema === blog || schema === kindsSchema) await expectExplained(handler, method, url);
    sent++;
  }
  return sent;
}

describe.each(PLACES)("$name", ({ on, schema }) => {
  const rules = openRules(schema);

  test.skipIf(on === "postgresql" && isLeftOut("bun-sql"))(
    "the documents of all roles are valid, and their examples answered as they say",
    async () => {
      const { database, close } = await open(on, schema);
      try {
        if (schema === blog) await fill(database as never);
        const documents = OPEN_ROLES.map((role) =>
          openapi(rules as never, schema, role === undefined ? {} : { role }),
        );
        for (const [index, document] of documents.entries()) {
          await expectValid(document);
          const sent = await tryOut({ acl: rules, schema, database, role: OPEN_ROLES[index] }, document);
          expect(sent).toBeGreaterThan(2);
        }
        // Roles differ.
        expect(new Set(documents.map((document) => JSON.stringify(document))).size).toBe(documents.length);
      } finally {
        await close();
      }
    },
    60_000,
  );
});

test.each([undefined, "user", "admin"])("the sandbox's document for %p is valid", async (role) => {
  const document = openapi(acl, sandboxSchema, { tables, ...(role && { role }) });
  await expectValid(document);
  if (role === "user") expectTaken(document, new Judge(document));
  expect(Object.hasOwn(document.paths, "/users")).toBe(role === "admin");
});

test("so they are of any type that a column may have, and of any name", async () => {
  const pools = drawPools(1);
  const worlds = [1, 2].map((seed) => schemaOf(drawWorld(seed, pools)));
  for (const schema of [{ mood, LOCAL }, ...worlds])
    for (const role of ["writer", "editor"]) {
      const document = openapi(openRules(schema) as never, schema, { role });
      await expectValid(document);
      expect([...posedBy(document)].length).toBeGreaterThan(0);
    }
});

test("rules with functions in every place are told too", async () => {
  const document = openapi(BLOG as never, TABLES.sqlite);
  await expectValid(document);
  expect(document.paths["/posts"]!["post"]!.requestBody).toBeDefined();
});
