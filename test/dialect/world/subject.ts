import { createQueryRoute } from "@bepalo/query";
import { getTableName, sql } from "drizzle-orm";
import { fill } from "../../support/data.ts";
import { TRIGGERS } from "./judging.ts";
import { makeHeld } from "./held.ts";
import { makeLook } from "./looking.ts";
import { AUDITED, rules, type Session, type World, type WorldDatabase } from "./rules.ts";

export type { World } from "./rules.ts";

/** A database with the suite's tables, and the words it is spoken to in. */
export interface Ground {
  /** Any Drizzle database. */
  readonly database: unknown;
  readonly world: World;
  readonly speaks: "sqlite" | "postgresql";
  /** Whether the driver's own transactions wait for promises. */
  readonly transactions: boolean;
}

/**
 * Answers what the suite asks: `/fast/<resource>` and `/portable/<resource>` are two routes over one database, one per
 * reader; what stands under `/back/` resets the database and steers the hooks, and is no part of the engine.
 */
export function makeSubject(ground: Ground): (request: Request) => Promise<Response> {
  const { database, world } = ground;
  const held = makeHeld();
  const reset = makeReset(ground);
  const look = makeLook(world, database as WorldDatabase);
  const acl = rules(world, held, look);
  let errors: string[] = [];
  const route = (reader: "fast" | "portable") =>
    createQueryRoute<string, Session>({
      acl,
      database,
      schema: world,
      reader,
      basePath: `/${reader}`,
      busyTimeout: 20_000,
      onError: (error) => errors.push(error instanceof Error ? error.message : String(error)),
      onWarning: () => undefined,
      session: {
        parser: (request, context) => {
          const me = request.headers.get("x-me");
          if (me !== null) Object.assign(context, { me: Number(me) });
          return request.headers.has("x-look") ? look("parser", context) : undefined;
        },
        getRole: async (request, context) => {
          if (request.headers.has("x-look")) await look("getRole", context);
          return request.headers.get("x-role");
        },
      },
    });
  const routes = new Map([
    ["fast", route("fast")],
    ["portable", route("portable")],
  ]);
  /** The whole database as an auditor reads it. */
  const dump = async (reader: string): Promise<unknown> =>
    Promise.all(
      AUDITED.map(async (table) => {
        const headers = { "x-role": "auditor" };
        const response = await routes
          .get(reader)!
          .GET(new Request(`http://local/${reader}/audit-${table}`, { headers }));
        const text = await response.text();
        if (response.status !== 200) throw new Error(`the auditor cannot read ${table}: ${text}`);
        return [table, text];
      }),
    );
  const back = new Map<string, () => Promise<unknown>>([
    ["dump-fast", () => dump("fast")],
    ["dump-portable", () => dump("portable")],
    ["reset", async () => (held.release(), (errors = []), reset())],
    ["release", async () => held.release()],
    ["entered", () => held.entered()],
    ["errors", async () => errors.splice(0)],
  ]);

  return async (request) => {
    const [, part = "", rest = ""] = new URL(request.url).pathname.split("/");
    const methods = routes.get(part);
    const handler = methods?.[request.method as keyof typeof methods];
    if (handler !== undefined) return handler(request);
    const order = part === "back" ? back.get(rest) : undefined;
    if (order === undefined) return new Response("elsewhere", { status: 404 });
    try {
      return Response.json((await order()) ?? null);
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  };
}

/**
 * Empties every table and fills them as they were at first, counters of keys included. Hundreds of cases begin so: the
 * tables are filled once, and after that from copies, by one text of SQL.
 */
function makeReset(ground: Ground): () => Promise<void> {
  return ground.speaks === "postgresql" ? makeServerReset(ground) : makeFileReset(ground);
}

function makeFileReset(ground: Ground): () => Promise<void> {
  const database = ground.database as WorldDatabase;
  const { names, filled } = namesOf(ground);
  const again = [
    LET_GO,
    ...names.map((name) => `delete from ${name}`),
    "delete from sqlite_sequence",
    ...filled.map((name) => `insert into ${name} select * from first_${name}`),
  ];
  let copied: Promise<void> | undefined;
  const copy = async (): Promise<void> => {
    await fillAll(ground);
    const copies = filled.map((name) => `create table first_${name} as select * from ${name}`);
    for (const statement of [...copies, ...TRIGGERS.sqlite]) await database.run(sql.raw(statement));
  };
  const text = (ground.transactions ? ["begin immediate", ...again, "commit"] : again).join(";\n");
  const { $client: client } = ground.database as { $client: ManyAtOnce };
  return async () => {
    await (copied ??= copy());
    await (client.executeMultiple?.(text) ?? client.exec!(text));
  };
}

/** How drivers of SQLite run text of several statements. */
interface ManyAtOnce {
  executeMultiple?(text: string): Promise<void>;
  exec?(text: string): unknown;
}

/** What every table holds at first. */
async function fillAll({ database, world }: Ground): Promise<void> {
  await fill(database as WorldDatabase, world);
  await (database as WorldDatabase).insert(world.membership).values(MEMBERSHIPS);
}

/** Its triggers keep some of its rows. */
const LET_GO = "update trails set label = ''";

/** The first organisation has an admin and a member, the second an admin. */
const MEMBERSHIPS = [
  { orgId: 1, userId: 1, role: "admin" },
  { orgId: 1, userId: 3, role: "member" },
  { orgId: 2, userId: 2, role: "admin" },
];

/** Tables with those that refer to others first. */
function tablesOf({ world }: Ground): readonly World["tag"][] {
  const { articleTag, comment, article, author, tag, sample, product, wide, membership, trail } = world;
  return [
    articleTag,
    comment,
    article,
    author,
    tag,
    sample,
    product,
    wide,
    membership,
    trail,
  ] as unknown as World["tag"][];
}

/** The tables' names, and those of them that are not empty at first, with those first that others refer to. */
function namesOf(ground: Ground): { readonly names: readonly string[]; readonly filled: readonly string[] } {
  const names = tablesOf(ground).map((table) => getTableName(table));
  return { names, filled: names.filter((name) => !/samples|products|wides|trails/.test(name)).toReversed() };
}

/** On a server all of it is one call. */
function makeServerReset(ground: Ground): () => Promise<void> {
  const database = ground.database as WorldDatabase & { execute(query: unknown): Promise<unknown> };
  const { names, filled } = namesOf(ground);
  const again = [
    LET_GO,
    ...names.map((name) => `delete from ${name}`),
    ...filled.map((name) => `insert into ${name} overriding system value select * from first.${name}`),
    ...names
      .filter((name) => !name.startsWith("article")) // which have no counters
      .map(
        (name) =>
          `perform setval(pg_get_serial_sequence('${name}', 'id'), (select coalesce(max(id), 0) + 1 from ${name}), false)`,
      ),
  ];
  let copied: Promise<void> | undefined;
  const copy = async (): Promise<void> => {
    await fillAll(ground);
    for (const trigger of TRIGGERS.postgresql) await database.execute(sql.raw(trigger));
    const copies = filled.map((name) => `create table first.${name} as table ${name}`);
    // A function keeps the plans of its statements.
    const made = `create function first.again() returns void language plpgsql as $$ begin ${again.join("; ")}; end $$`;
    for (const statement of ["create schema first", ...copies, made])
      await database.execute(sql.raw(statement));
  };
  return async () => {
    await (copied ??= copy());
    await database.execute(sql`select first.again()`);
  };
}
