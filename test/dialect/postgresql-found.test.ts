import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { arrayContains, arrayOverlaps, eq, exists, or, relations, sql } from "drizzle-orm";
import {
  customType,
  doublePrecision,
  integer,
  pgSchema,
  pgTable,
  primaryKey,
  QueryBuilder,
  text,
  timestamp,
} from "drizzle-orm/pg-core";
import { openPostgresql } from "../support/postgresql.ts";
import * as sqlite from "../support/schema.ts";

/** A type whose author cannot read what is stored. */
const unreadable = customType<{ data: string; driverData: string }>({
  dataType: () => "text",
  fromDriver: () => {
    throw new Error("words of the author");
  },
});

const thing = pgTable("thing", { id: integer("id").primaryKey(), marks: unreadable("marks").array() });
const tagged = pgTable("tagged", { id: integer("id").primaryKey(), tags: text("tags").array() });
const paper = pgTable("paper", {
  id: integer("id").primaryKey(),
  text: customType<{ data: string; driverData: string }>({ dataType: () => "json" })("text"),
});
const loose = pgTable("loose", { label: text("label") });
const keyed = pgTable(
  "keyed",
  {
    a: text("a"),
    b: doublePrecision("b"),
    c: timestamp("c", { withTimezone: true }),
    n: integer("n"),
  },
  (t) => [primaryKey({ columns: [t.a, t.b, t.c] })],
);
const apart = pgSchema("apart");
const elsewhere = apart.table("thing", { id: integer("id").primaryKey(), owner: text("owner") });

// Names that are longer than PostgreSQL's when they are put together.
const organizationAccounts = pgTable("organization_accounts", { id: integer("id").primaryKey() });
const departments = pgTable("departments", {
  id: integer("id").primaryKey(),
  organizationId: integer("organization_id").notNull(),
});
const contracts = pgTable("contracts", {
  id: integer("id").primaryKey(),
  departmentId: integer("department_id").notNull(),
});
const organizationRelations = relations(organizationAccounts, ({ many }) => ({
  departmentAssignmentsOfOrganization: many(departments),
}));
const departmentRelations = relations(departments, ({ one, many }) => ({
  organization: one(organizationAccounts, {
    fields: [departments.organizationId],
    references: [organizationAccounts.id],
  }),
  employeeContractsOfDepartment: many(contracts),
}));
const contractRelations = relations(contracts, ({ one }) => ({
  department: one(departments, { fields: [contracts.departmentId], references: [departments.id] }),
}));

const schema = {
  thing,
  tagged,
  paper,
  loose,
  keyed,
  apart,
  elsewhere,
  organizationAccounts,
  departments,
  contracts,
  organizationRelations,
  departmentRelations,
  contractRelations,
};

describe("what was found in PostgreSQL", () => {
  let opened: Awaited<ReturnType<typeof openPostgresql>>;
  beforeAll(async () => {
    opened = await openPostgresql("PGlite", schema);
  }, 60_000);
  afterAll(() => opened?.close());

  const warnings: string[] = [];
  const handler = (acl: object, options: Partial<QueryRouteOptions> = {}): QueryHandler =>
    createQueryHandler({
      acl: acl as never,
      database: opened.database,
      schema,
      onWarning: (sentence) => warnings.push(sentence),
      onError: () => undefined,
      ...options,
    });
  const ask = async (handle: QueryHandler, method: string, path: string, body?: object) => {
    const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await handle(new Request(`http://local/query/${path}`, { method, ...init }));
    // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
    return { status: response.status, body: await response.json() };
  };

  test("a write whose answer an author's mapping of an array's elements cannot read stores nothing", async () => {
    const handle = handler({
      things: { table: "thing", control: { POST: { all: { select: true, write: true } } } },
      counts: { table: "thing", control: { GET: { all: { select: { mode: true, columns: ["id"] } } } } },
    });
    expect((await ask(handle, "POST", "things", { id: 1, marks: ["a"] })).status).toBe(500);
    expect((await ask(handle, "GET", "counts?select=(columns:F)")).body).toEqual({ count: 0 });
  });

  test("relations whose names together are longer than PostgreSQL's come back from a read and a write alike", async () => {
    const nested = {
      select: true,
      with: {
        departmentAssignmentsOfOrganization: {
          select: true,
          with: {
            employeeContractsOfDepartment: {
              select: true,
              extras: { twice: sql<number>`${contracts.id} * 2`.as("twice") },
              where: (_: object, t: typeof contracts) =>
                sql`exists (select 1 from ${departments} where ${departments.id} = ${t.departmentId} and ${t.id} < 5)`,
              with: { department: true },
            },
            organization: { select: true, with: { departmentAssignmentsOfOrganization: true } },
          },
        },
      },
    };
    const all = { all: { select: true, write: true } };
    const acl = {
      accounts: {
        table: "organizationAccounts",
        control: { GET: { all: nested }, POST: all, DELETE: { all: nested } },
      },
      departments: { table: "departments", control: { POST: all } },
      contracts: { table: "contracts", control: { POST: all } },
    };
    const handle = handler(acl);
    await ask(handle, "POST", "accounts", { id: 1 });
    await ask(handle, "POST", "departments", { id: 2, organizationId: 1 });
    await ask(handle, "POST", "contracts", { id: 3, departmentId: 2 });
    await ask(handle, "POST", "contracts", [
      { id: 4, departmentId: 2 },
      { id: 5, departmentId: 2 },
    ]);
    const contractsOf = "employeeContractsOfDepartment:(limit:1,orderBy:(id:desc),with:(department:T))";
    const back = "organization:(with:(departmentAssignmentsOfOrganization:(limit:2)))";
    const select = `countTotal&select=(with:(departmentAssignmentsOfOrganization:(limit:5,with:(${contractsOf},${back}))))`;
    const read = await ask(handle, "GET", `accounts?${select}`);
    const department = { id: 2, organizationId: 1 };
    expect(read.body).toEqual({
      total: 1,
      count: 1,
      accounts: [
        {
          id: 1,
          departmentAssignmentsOfOrganization: [
            {
              ...department,
              employeeContractsOfDepartment: [{ id: 4, departmentId: 2, twice: 8, department }],
              organization: { id: 1, departmentAssignmentsOfOrganization: [department] },
            },
          ],
        },
      ],
    });
    const portable = handler(acl, { reader: "portable" });
    expect((await ask(portable, "GET", `accounts?${select}`)).body).toEqual(read.body);
    const gone = await ask(handle, "DELETE", `accounts?${select}`);
    expect(gone.body.accounts).toEqual(read.body.accounts);
  });

  test("a table whose name another has in a schema is warned of", () => {
    warnings.length = 0;
    handler({ things: { table: "thing", control: { GET: { all: { select: true } } } } });
    expect(warnings).toEqual([
      "schema.thing: a sub-query on `elsewhere`, which has its name in another schema, hides its columns",
    ]);
  });

  const column = { select: { mode: true, columns: ["id"] } };
  const heard: string[] = [];
  const answered = async (table: string, where: (context: object, table: never) => unknown) => {
    const onError = (error: unknown): unknown => heard.push((error as Error).message);
    const handle = handler({ rows: { table, control: { GET: { all: { ...column, where } } } } }, { onError });
    const { status } = await ask(handle, "GET", "rows");
    return [status, heard.splice(0).map((text) => text.slice(0, text.indexOf(": ")))];
  };
  const REFUSED = [500, ["acl.rows.control.GET.all.where"]];

  test("a condition over a table of one name in two schemas is refused where SQL would take one for the other", async () => {
    const build = new QueryBuilder();
    const inThing = (_: object, t: typeof elsewhere) =>
      exists(build.select().from(thing).where(eq(thing.id, t.id)));
    const inElsewhere = (_: object, t: typeof thing) =>
      exists(build.select().from(elsewhere).where(eq(elsewhere.id, t.id)));
    const text = (schema: string) => () => sql.raw(`exists (select 1 from ${schema}thing where id = 1)`);
    expect(await answered("elsewhere", inThing)).toEqual([200, []]);
    expect(await answered("elsewhere", inElsewhere)).toEqual(REFUSED);
    expect(await answered("thing", inElsewhere)).toEqual(REFUSED);
    expect(await answered("thing", text(""))).toEqual(REFUSED);
    expect(await answered("thing", text("public."))).toEqual(REFUSED);
    expect(await answered("thing", text("apart."))).toEqual([200, []]);
    expect(await answered("elsewhere", text('"apart".'))).toEqual(REFUSED);
    expect(await answered("elsewhere", text(""))).toEqual([200, []]);
  });

  test.each(["fast", "portable"] as const)(
    "rows are locked by whatever key they have, however many they are, before a rule that looks elsewhere lets change them, %s",
    async (reader) => {
      const where = () =>
        sql`exists (select 1 from ${organizationAccounts} where ${organizationAccounts.id} = 77)`;
      const rule = { all: { where } };
      const tables = ["loose", "keyed", "departments"] as const;
      const acl = Object.fromEntries(
        tables.map((table) => [table, { table, control: { PATCH: rule, DELETE: rule } }]),
      );
      const handle = handler(acl, { reader });
      await opened.run(`
        insert into organization_accounts values (77);
        delete from departments;
        insert into loose values ('a'), ('a'), ('b');
        insert into keyed values ('x\n1', 0.1::float8 + 0.2, '2024-01-01 00:00:00.123456+00', 0), ('x', 1e300, 'infinity', 0);
        insert into departments select n, 1 from generate_series(100001, 170000) n;`);
      const done = (rowsAffected: number) => ({ status: 200, body: { rowsAffected, count: rowsAffected } });
      expect(await ask(handle, "PATCH", "loose", { label: "c" })).toEqual(done(3));
      expect(await ask(handle, "PATCH", "keyed", { n: 1 })).toEqual(done(2));
      expect(await ask(handle, "DELETE", "loose")).toEqual(done(3));
      expect(await ask(handle, "DELETE", "keyed")).toEqual(done(2));
      expect(await ask(handle, "DELETE", "departments")).toEqual(done(70_000));
      await opened.run("delete from organization_accounts where id = 77");
      expect(await ask(handle, "PATCH", "loose", { label: "c" })).toEqual(done(0));
    },
    30_000,
  );

  test("JSON that an author's type writes as text is not parsed where it nests beyond any use", async () => {
    const rule = { all: { select: true, write: true } };
    const handle = handler({ papers: { table: "paper", control: { POST: rule } } });
    for (const [depth, status] of [
      [500_000, 400],
      [65, 400],
      [64, 200],
    ] as const) {
      const text = "[".repeat(depth) + "]".repeat(depth);
      expect([depth, (await ask(handle, "POST", "papers", { id: depth, text })).status]).toEqual([
        depth,
        status,
      ]);
    }
  });

  test("what is missing in an array is null, which nothing contains", async () => {
    const missing = undefined as never;
    const handle = handler({
      tags: {
        table: "tagged",
        control: {
          POST: { all: { select: true, write: true } },
          GET: {
            all: {
              ...column,
              where: (_: object, t: typeof tagged) =>
                or(arrayContains(t.tags, [missing]), arrayOverlaps(t.tags, ["a", missing])),
            },
          },
        },
      },
    });
    await ask(handle, "POST", "tags", [
      { id: 1, tags: ["undefined"] },
      { id: 2, tags: ["a"] },
    ]);
    expect((await ask(handle, "GET", "tags")).body.tags).toEqual([{ id: 2 }]);
  });

  test("a schema for another database is refused at start", () => {
    expect(() => handler({}, { schema: sqlite })).toThrow(
      "table `article` of the schema is for sqlite, the database speaks postgresql",
    );
  });
});
