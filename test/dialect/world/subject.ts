import { createQueryRoute } from "@bepalo/query";
import { getTableName, sql } from "drizzle-orm";
import { fill } from "../../support/data.ts";
import { TRIGGERS } from "./judging.ts";
import { makeHeld } from "./held.ts";
import { makeLook } from "./looking.ts";
import { rules, type Session, type World, type WorldDatabase } from "./rules.ts";

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
  const back = new Map<string, () => Promise<unknown>>([
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

/** Empties every table and fills them as they were at first, counters of keys included. */
function makeReset(ground: Ground): () => Promise<void> {
  const { speaks, transactions } = ground;
  const database = ground.database as WorldDatabase;
  if (speaks === "postgresql") return makeServerReset(ground);
  const work = async (on: Pick<WorldDatabase, "delete" | "insert" | "run">): Promise<void> => {
    await on.run(sql.raw(LET_GO));
    for (const table of tablesOf(ground)) await on.delete(table);
    await on.run(sql`delete from sqlite_sequence`);
    await fill(on, ground.world);
    await on.insert(ground.world.membership).values(MEMBERSHIPS);
    for (const trigger of TRIGGERS.sqlite) await on.run(sql.raw(trigger));
  };
  return () => (transactions ? database.transaction(work) : work(database));
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

/** Fills the tables once and keeps a copy of them, from which one statement makes all of them anew. */
function makeServerReset(ground: Ground): () => Promise<void> {
  const database = ground.database as WorldDatabase & { execute(query: unknown): Promise<unknown> };
  const names = tablesOf(ground).map((table) => getTableName(table));
  const filled = names.filter((name) => !/samples|products|wides|trails/.test(name)).toReversed();
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
    await fill(database, ground.world);
    await database.insert(ground.world.membership).values(MEMBERSHIPS);
    for (const trigger of TRIGGERS.postgresql) await database.execute(sql.raw(trigger));
    const copies = filled.map((name) => `create table first.${name} as table ${name}`);
    for (const statement of ["create schema first", ...copies]) await database.execute(sql.raw(statement));
  };
  return async () => {
    await (copied ??= copy());
    await database.execute(sql.raw(`do $$ begin ${again.join("; ")}; end $$`));
  };
}
