import { Database as BunDatabase } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { createQueryHandler, type Dialect, type QueryRouteOptions } from "@bepalo/query";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const thing = sqliteTable("thing", { id: integer().primaryKey(), owner: text().notNull(), label: text() });

interface Session {
  me?: string | undefined;
}

const own = ({ me = "" }: Session, table: typeof thing) => eq(table.owner, me);
const acl = {
  things: { table: "thing", control: { GET: { guest: { select: true, where: own } } } },
} as const;

type Options = Partial<Omit<QueryRouteOptions<string, Session>, "acl" | "database" | "schema" | "dialect">>;

/** A route on a synchronous driver; `running` is asked before each statement on things. */
function serving(options: Options = {}, running: () => void = () => undefined) {
  const client = new BunDatabase(":memory:");
  client.run("create table thing (id integer primary key, owner text not null, label text)");
  client.run("insert into thing values (1, 'ann', 'one'), (2, 'ann', 'two'), (3, 'bob', 'three')");
  const asked: string[] = [];
  const handler = createQueryHandler<string, Session>({
    acl,
    database: drizzle(client, { schema: { thing } }),
    schema: { thing },
    session: {
      parser: (request, context) => void (context.me = request.headers.get("x-name") ?? undefined),
    },
    // Somebody else each time, whom no statement before has brought into debt.
    caller: () => crypto.randomUUID(),
    onWarning: () => undefined,
    dialect: (_, found) => watched(found(), asked, running),
    ...options,
  });
  const get = (search: string): Promise<Response> =>
    handler(new Request(`http://localhost/query/things?${search}`, { headers: { "x-name": "ann" } }));
  return { client, asked, get };
}

/** A dialect that tells what it asks of things. */
const watched = (inner: Dialect, asked: string[], running: () => void): Dialect =>
  new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name !== "query") return typeof member === "function" ? (member.bind(target) as unknown) : member;
      const query: Dialect["query"] = (database, statement, ...others) => {
        if (!statement.includes('from "thing"')) return target.query(database, statement, ...others);
        asked.push(statement);
        running();
        return target.query(database, statement, ...others);
      };
      return query;
    },
  });

const failing = (code: string): Error => Object.assign(new Error("it failed"), { code });

/** What is asked before anybody has waited for anything, and what is answered. */
async function told({ asked, get }: ReturnType<typeof serving>, search = "select=(orderBy:(id:asc))") {
  const began = asked.length;
  const answer = get(search);
  const atOnce = asked.length - began;
  const { status } = await answer;
  return { atOnce, status, asked: asked.length - began, body: (await (await answer).json()) as unknown };
}

const ANNS = {
  count: 2,
  things: [
    { id: 1, owner: "ann", label: "one" },
    { id: 2, owner: "ann", label: "two" },
  ],
};

describe("a read on a synchronous driver", () => {
  test.each([
    ["select=(orderBy:(id:asc))", ANNS],
    ["findFirst&select=(where:(id:2))", { things: ANNS.things[1] }],
    ["countTotal&select=(orderBy:(id:asc))", { total: 2, ...ANNS }],
    ["select=(limit:0)", { count: 0, things: [] }],
  ])("has asked its database before anybody waits: %s", async (search, body) => {
    const serves = serving();
    expect(await told(serves, search)).toMatchObject({ atOnce: 1, asked: 1, status: 200, body });
  });

  test("waits for what its author waits for, and answers the same", async () => {
    const parser = async (_: Request, context: Session): Promise<void> => {
      await Bun.sleep(1);
      context.me = "ann";
    };
    const serves = serving({ session: { parser } });
    expect(await told(serves)).toEqual({ atOnce: 0, asked: 1, status: 200, body: ANNS });
    const named = serving({ caller: async () => crypto.randomUUID() });
    expect(await told(named)).toEqual({ atOnce: 0, asked: 1, status: 200, body: ANNS });
  });

  test("waits while a transaction of another has the connection", async () => {
    const serves = serving();
    const { client } = serves;
    let free = (): void => undefined;
    const held = new Promise<void>((resolve) => (free = resolve));
    const hooked = createQueryHandler({
      acl: {
        things: { table: "thing", control: { GET: { guest: { select: true, beforeQuery: () => held } } } },
      },
      database: drizzle(client, { schema: { thing } }),
      schema: { thing },
      onWarning: () => undefined,
    });
    const other = hooked(new Request("http://localhost/query/things"));
    await Bun.sleep(5);
    const mine = told(serves);
    await Bun.sleep(5);
    expect(serves.asked).toEqual([]);
    free();
    expect((await other).status).toBe(200);
    expect(await mine).toEqual({ atOnce: 0, asked: 1, status: 200, body: ANNS });
  });

  test("is asked again while another process has the file locked", async () => {
    let left = 3;
    const serves = serving({}, () => {
      if (left-- > 0) throw failing("SQLITE_BUSY");
    });
    expect(await told(serves)).toEqual({ atOnce: 1, asked: 4, status: 200, body: ANNS });
  });

  test("is refused where it stays locked, and no place is lost", async () => {
    let locked = true;
    const serves = serving({ busyTimeout: 20, maxInFlight: 2 }, () => {
      if (locked) throw failing("SQLITE_BUSY");
    });
    for (let i = 0; i < 4; i++)
      expect(await told(serves)).toMatchObject({ status: 503, body: { code: "busy" } });
    locked = false;
    expect(await told(serves)).toEqual({ atOnce: 1, asked: 1, status: 200, body: ANNS });
  });

  test("tells nobody but its observer what failed, and no place is lost", async () => {
    const errors: unknown[] = [];
    const serves = serving({ maxInFlight: 2, onError: (error) => errors.push(error) }, () => {
      if (errors.length < 4) throw new Error("the cable is out");
    });
    for (let i = 0; i < 4; i++)
      expect(await told(serves)).toMatchObject({ atOnce: 1, status: 500, body: { code: "internal-error" } });
    expect(errors).toHaveLength(4);
    expect(await told(serves)).toMatchObject({ status: 200, body: ANNS });
  });
});
