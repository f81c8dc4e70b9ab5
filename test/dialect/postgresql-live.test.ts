import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryRoute, liveTriggers, type QueryRouteOptions } from "@bepalo/query";
import { live, postgresFeed } from "@bepalo/query/live";
import { counting } from "../support/live-app.ts";
import { Watching } from "../support/live.ts";
import { type OpenedPostgresql, openPostgresql, SERVER } from "../support/postgresql.ts";
import { SCHEMAS } from "../support/written-once.ts";

// Two routes over one server, as two processes have them: what one writes, those who listen at the other are told.

const schema = SCHEMAS.postgresql;
const WRITE = { select: true, write: true, check: true } as const;
const acl = {
  tenants: {
    table: "tenant",
    control: { GET: { all: { select: true, live: true } }, POST: { all: WRITE }, PATCH: { all: WRITE } },
  },
  users: { table: "user", control: { GET: { all: { select: true, live: true } } } },
};

describe.skipIf(SERVER === undefined)("answers on PostgreSQL", () => {
  let opened: OpenedPostgresql;
  beforeAll(async () => {
    opened = await openPostgresql("node-postgres", schema, { connections: 4 });
  }, 60_000);
  afterAll(() => opened?.close());

  const start = (options: Partial<QueryRouteOptions> = {}) =>
    createQueryRoute({
      ...options,
      acl,
      database: opened.database,
      schema,
      onWarning: () => undefined,
      live: live({ debounce: 1, feed: postgresFeed({ connection: opened.url }) }),
    });
  type Route = ReturnType<typeof start>;
  const send =
    (route: Route) =>
    (path: string, init: RequestInit): Promise<Response> =>
      route[(init.method ?? "GET") as "GET"](new Request(`http://local/query/${path}`, init));
  const post = (route: Route, path: string, body: unknown): Promise<Response> =>
    send(route)(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });

  test("are kept true by what another process commits, and by nothing that it takes back", async () => {
    const [writer, reader] = [start(), start()];
    try {
      const watching = await Watching.open(send(reader), "tenants");
      await watching.heard(1);
      const other = await Watching.open(send(reader), "users");
      await other.heard(1);
      await Bun.sleep(500); // until both listen
      const heard = watching.events.length;
      expect((await post(writer, "tenants", { id: "n1", name: "One" })).status).toBe(200);
      await watching.heard(heard + 1);
      expect(watching.value.tenants).toContainEqual({ id: "n1", name: "One" });
      expect((await post(writer, "tenants", { id: "n1", name: "Again" })).status).toBe(409);
      await Bun.sleep(200);
      expect([watching.events.length, other.events.length]).toEqual([heard + 1, 1]);
      await Promise.all([watching.close(), other.close()]);
    } finally {
      await Promise.all([writer.close(), reader.close()]);
    }
  });

  test.each([
    [false, "where nobody else tells of them"],
    [true, "where triggers tell of them as well"],
  ])(
    "are kept true by the own process's writes at once, and are looked at once (%p: %s)",
    async (triggers) => {
      if (triggers) for (const statement of liveTriggers(schema)) await opened.run(statement);
      let count = 0;
      const route = start({ dialect: (_, found) => counting(found(), () => count++) });
      try {
        const watching = await Watching.open(send(route), "tenants");
        await watching.heard(1);
        await Bun.sleep(500); // until it listens
        // At the first write it is not known whether tables have triggers, and then any table may have changed.
        await post(route, "tenants", { id: `first ${triggers}`, name: "First" });
        await watching.heard(2);
        await Bun.sleep(100);
        const before = count;
        for (let n = 0; n < 5; n++) {
          await post(route, "tenants", { id: `${triggers} ${n}`, name: "One" });
          await watching.heard(3 + n);
          await Bun.sleep(60);
        }
        expect([count - before, watching.events.length, watching.idle]).toEqual([5, 7, 0]);
        await opened.run(`update tenants set name = 'Other' where id = '${triggers} 1'`);
        if (triggers) await watching.heard(8);
        await watching.close();
      } finally {
        await route.close();
      }
    },
  );
});
