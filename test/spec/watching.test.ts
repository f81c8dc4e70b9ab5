import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import {
  type Context,
  context,
  type ContextManager,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import {
  createQueryHandler,
  type Observation,
  type QueryHandler,
  type QueryRouteOptions,
} from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { otel } from "@bepalo/query/otel";
import { type Folder, sourcesFolder } from "../support/application.ts";
import type { TestACL } from "../support/app.ts";
import * as schema from "../support/schema.ts";
import { ask } from "../support/served.ts";
import { server } from "../support/write.ts";

const serving = server();

const SECRET = "thesecretofsomebody";
const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, with: { author: { select: true } } } },
      POST: { all: { select: true, write: true } },
      DELETE: { all: { select: true } },
    },
  },
  people: { table: "author", control: { GET: { writer: { select: true } } } },
  broken: {
    table: "author",
    control: {
      GET: {
        all: {
          select: true,
          beforeQuery: () => {
            throw new Error(SECRET);
          },
        },
      },
    },
  },
} satisfies TestACL;

/** A route that is handed methods which servers keep to themselves. */
async function handling(options: Partial<QueryRouteOptions>): Promise<QueryHandler> {
  const { database } = await serving(acl);
  return createQueryHandler({ acl, database, schema, onWarning: () => undefined, ...options });
}

const query = (): Request =>
  new Request("http://localhost/query/articles", {
    method: "QUERY",
    body: "select=(limit:1)",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });

const article = (id: string): object => ({ id, authorId: 1, title: SECRET });

describe("what is observed", () => {
  const watched = async (options = {}) => {
    const heard: Observation[] = [];
    return { heard, app: await serving(acl, { ...options, observe: (one) => heard.push(one) }) };
  };

  test("is that a request begins, and what it came to", async () => {
    const heard: Observation[] = [];
    const since = Date.now();
    const handler = await handling({ observe: (one) => heard.push(one) });
    await handler(query());
    const came = { sent: "QUERY", scheme: "http" } as const;
    expect(heard).toEqual([
      { kind: "began", ...came },
      expect.objectContaining({
        kind: "answered",
        ...came,
        known: true,
        table: "articles",
        database: "sqlite",
      }),
    ]);
    const { arrived, milliseconds } = heard[1] as Extract<Observation, { kind: "answered" }>;
    expect(arrived).toBeGreaterThanOrEqual(since);
    expect(arrived + milliseconds).toBeLessThanOrEqual(Date.now() + 1);
    expect(heard[1]).not.toHaveProperty("code");
  });

  test.each([
    ["GET", "people", "unauthenticated", true],
    ["GET", "nothing", "unknown-resource", false],
    ["GET", `${SECRET}?select=((`, "invalid-syntax", false],
    ["GET", "$batch", "method-not-allowed", true],
    ["GET", "broken", "internal-error", true],
  ])(
    "has the code of a refusal, and whether its resource is one: %s %s",
    async (method, path, code, known) => {
      const { app, heard } = await watched({ batch: true });
      const { body } = await app.send(method, path);
      expect(heard.at(-1)).toMatchObject({ kind: "answered", code: body.code, known });
      expect(body.code).toBe(code);
    },
  );

  test("has what a committed write of a route with `live` may have changed, and no other's", async () => {
    const { app, heard } = await watched({ live: live() });
    await app.post("articles", article("n1"));
    await app.post("articles", article("n1"));
    const changed = heard.filter(({ kind }) => kind === "changed");
    expect(changed).toHaveLength(1);
    expect(changed).toEqual([{ kind: "changed", tables: expect.arrayContaining(["articles"]) }]);
  });
});

/** Hands over what was measured, when it is asked. */
class Reader extends MetricReader {
  protected override onShutdown = async (): Promise<void> => undefined;
  protected override onForceFlush = async (): Promise<void> => undefined;
}

/** A route that tells the real SDK, and what that has been told. */
async function traced(options = {}) {
  const exporter = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const reader = new Reader();
  const meters = new MeterProvider({ readers: [reader] });
  const tracer = tracers.getTracer("test");
  const observe = otel({ tracer, meter: meters.getMeter("test") });
  const app = await serving(acl, { ...options, observe });
  return {
    app,
    tracer,
    observe,
    spans: () => exporter.getFinishedSpans(),
    everything: async () => {
      const { resourceMetrics } = await reader.collect();
      const spans = exporter.getFinishedSpans().map(({ name, attributes, events, status }) => ({
        name,
        attributes,
        events,
        status,
      }));
      return JSON.stringify([resourceMetrics.scopeMetrics, spans]);
    },
    /** The points of a metric: what is counted, or how often something was measured, by attributes. */
    points: async (name: string) => {
      const { resourceMetrics } = await reader.collect();
      const found = resourceMetrics.scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .find(({ descriptor }) => descriptor.name === name);
      return (found?.dataPoints ?? []).map(({ attributes, value }) => [
        attributes,
        typeof value === "number" ? value : value.count,
      ]);
    },
  };
}

const at = ([seconds, nanoseconds]: readonly [number, number]): number => seconds * 1e3 + nanoseconds / 1e6;
const came = { "http.request.method": "GET", "url.scheme": "http" };

describe("`otel()`", () => {
  test("makes a span of a request, with one of each room, one after the other", async () => {
    const { app, spans } = await traced();
    await app.post("articles", article("n1"));
    const request = spans().at(-1)!;
    const rooms = spans().slice(0, -1);
    expect([request.name, request.kind]).toEqual(["POST /query/articles", SpanKind.SERVER]);
    expect(request.attributes).toEqual({
      "http.request.method": "POST",
      "url.scheme": "http",
      "http.route": "/query/articles",
      "http.response.status_code": 200,
    });
    expect(request.parentSpanContext).toBeUndefined();
    expect(rooms.map(({ name }) => name)).toEqual([
      "parse",
      "principal",
      "plan",
      "body",
      "compile",
      "execute",
      "shape",
    ]);
    let end = at(request.startTime);
    for (const room of rooms) {
      expect(room.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
      expect(at(room.startTime)).toBeCloseTo(end, 2);
      end = at(room.endTime);
    }
    expect(end).toBeLessThanOrEqual(at(request.endTime) + 0.01);
    const execute = rooms.find(({ name }) => name === "execute") as ReadableSpan;
    expect(execute.kind).toBe(SpanKind.CLIENT);
    expect(execute.attributes).toEqual({
      "db.system.name": "sqlite",
      "db.collection.name": "articles",
      "db.operation.name": "INSERT",
    });
  });

  test("says what was refused and what failed, and no word of it", async () => {
    const { app, spans, points, everything } = await traced();
    for (const path of [
      "articles",
      ask("articles", `(where:(title:'${SECRET}'))`),
      ask("articles", `(columns:(${SECRET}:T))`),
      SECRET,
      `${SECRET}?${SECRET}=1`,
      "people",
      "broken",
    ])
      await app.get(path, { headers: { "x-role": SECRET } });
    await app.post("articles", article(SECRET));
    await app.post("articles", article(SECRET));
    expect(await everything()).not.toContain(SECRET);
    const failed = spans().find(({ name }) => name === "GET /query/broken")!;
    expect(failed.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(failed.attributes).toMatchObject({ "error.type": "internal-error" });
    expect(spans().filter(({ status }) => status.code === SpanStatusCode.ERROR)).toEqual([failed]);
    expect(await points("bepalo.query.refused")).toContainEqual([
      { ...came, "http.response.status_code": 404, "bepalo.query.code": "unknown-resource" },
      1,
    ]);
    expect(await points("http.server.request.duration")).toContainEqual([
      { ...came, "http.response.status_code": 200, "http.route": "/query/articles" },
      2,
    ]);
  });

  test("counts what is under way, by what it came by", async () => {
    const inside = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const { app, observe, points } = await traced();
    const handler = await handling({
      observe,
      session: { getRole: () => (inside.resolve(), held.promise.then(() => "writer")) },
    });
    const sending = handler(query());
    await inside.promise;
    const asked = { ...came, "http.request.method": "QUERY" };
    expect(await points("http.server.active_requests")).toEqual([[asked, 1]]);
    held.resolve();
    expect((await sending).status).toBe(200);
    await app.get("articles");
    expect(await points("http.server.active_requests")).toEqual([
      [asked, 0],
      [came, 0],
    ]);
  });

  test("counts what is changed, and how late live answers are", async () => {
    const { app, points, observe } = await traced({ live: live() });
    await app.post("articles", article("n1"));
    observe({ kind: "lagging", milliseconds: 1_500 });
    observe({ kind: "changed", tables: "*" });
    const changes = await points("bepalo.query.changes");
    expect(changes).toContainEqual([{ "db.collection.name": "articles" }, 1]);
    expect(changes).toContainEqual([{ "db.collection.name": "*" }, 1]);
    expect(await points("bepalo.query.live.lag")).toEqual([[{}, 1]]);
  });

  test("stands below the span that is active, and does nothing where there is no SDK", async () => {
    const store = new AsyncLocalStorage<Context>();
    const manager: ContextManager = {
      active: () => store.getStore() ?? ROOT_CONTEXT,
      with: (active, run, self, ...args) => store.run(active, () => run.call(self as never, ...args)),
      bind: (_, target) => target,
      enable: () => manager,
      disable: () => manager,
    };
    context.setGlobalContextManager(manager);
    try {
      const { app, tracer, spans } = await traced();
      const parent = tracer.startSpan("server");
      const request = new Request("http://localhost/query/articles");
      await context.with(trace.setSpan(context.active(), parent), () => app.route.GET(request));
      const span = spans().find(({ name }) => name === "GET /query/articles")!;
      expect([span.kind, span.parentSpanContext?.spanId]).toEqual([
        SpanKind.INTERNAL,
        parent.spanContext().spanId,
      ]);
    } finally {
      context.disable();
    }
    const quiet = await serving(acl, { observe: otel() });
    expect((await quiet.get("articles")).status).toBe(200);
  });
});

describe("the manual's watched program", () => {
  let folder: Folder;
  let database: Database;
  let origin: string;
  beforeAll(async () => {
    folder = sourcesFolder(["docs/start.md", "docs/watching.md"]);
    database = new Database(join(folder.path, "app.db"));
    database.run(`create table user (id text primary key, name text, role text, token text unique)`);
    database.run(`create table note (id text primary key, user_id text references user (id), title text,
      body text, created_at integer)`);
    database.run(`create table audit (id integer primary key, at integer, user_id text, method text,
      resource text, "before" text, "after" text)`);
    database.run(`insert into user values ('ann', 'Ann', 'user', 'ann-secret')`);
    origin = await folder.serve("bun index.ts");
  });
  afterAll(async () => {
    database.close();
    await folder.remove();
  });
  const send = (method: string, path: string, body?: object) =>
    fetch(`${origin}/query/${path}`, {
      method,
      headers: { authorization: "Bearer ann-secret", "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });

  test("writes down who changed what, and nothing of what was refused", async () => {
    const one = ask("notes", "(where:(title:Milk))");
    expect((await send("POST", "notes", { title: "Milk" })).status).toBe(200);
    expect((await send("PATCH", one, { userId: "bob" })).status).toBe(400);
    expect((await send("PATCH", one, { body: "two" })).status).toBe(200);
    expect((await send("DELETE", one)).status).toBe(200);
    expect((await send("DELETE", one)).status).toBe(200); // no row
    const rows = database
      .query(
        `select user_id, method, resource, "before" ->> '$[0].body' as "from", "after" ->> '$[0].body' as "to"
         from audit order by id`,
      )
      .all();
    const entry = { user_id: "ann", resource: "notes" };
    expect(rows).toEqual([
      { ...entry, method: "POST", from: null, to: "" },
      { ...entry, method: "PATCH", from: "", to: "two" },
      { ...entry, method: "DELETE", from: "two", to: null },
    ]);
  });

  test("tells Prometheus what was answered and refused, and no name that somebody made up", async () => {
    expect((await send("GET", "notes")).status).toBe(200);
    expect((await send("GET", SECRET)).status).toBe(404);
    const answer = await fetch(`${origin}/metrics`);
    expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    const text = await answer.text();
    expect(text).toContain('query_request_duration_seconds_count{resource="unknown",status="404"} 1\n');
    expect(text).toMatch(/query_request_duration_seconds_count\{resource="notes",status="200"\} [1-9]/);
    expect(text).toContain('query_refused_total{resource="unknown",code="unknown-resource"} 1\n');
    expect(text).toContain("query_active_requests 0\n");
    expect(text).not.toContain(SECRET);
  });
});
