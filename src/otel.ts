import {
  type Attributes,
  type Context,
  context,
  type Counter,
  type Histogram,
  type Meter,
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type UpDownCounter,
} from "@opentelemetry/api";
import type { Observation, Observer, Room, Scheme } from "./observe.ts";
import { traitsOf } from "./request/request.ts";

/** Where spans and metrics go. */
export interface OtelOptions {
  /** Makes the spans; by default the global one of the name `@bepalo/query`. */
  readonly tracer?: Tracer | undefined;
  /** Makes the metrics; by default the global one of that name, which is asked for at the first request. */
  readonly meter?: Meter | undefined;
  /** Where the route is mounted, for `http.route`; `/query` by default. */
  readonly path?: string | undefined;
}

/** What spans and metrics are made under. */
const NAME = "@bepalo/query";

/** The bounds of durations in seconds that the conventions of HTTP advise. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * Tells OpenTelemetry of a route's requests: a span for each, a child of the span that is active, with a span for each room
 * it came to; and metrics. Attributes are those of the conventions of HTTP and databases. No value is told, and no text of
 * a client: neither paths nor errors, nor the name of a resource that does not exist.
 *
 * Spans are made when a request is answered. A room's time is one span, though the request may have come there twice: they
 * stand one after the other, in the order in which the request came to them first.
 *
 * @example
 * import { otel } from "@bepalo/query/otel";
 * createQueryRoute({ acl, database, schema, observe: otel() });
 */
export function otel({ tracer, meter, path = "/query" }: OtelOptions = {}): Observer {
  let instruments: Instruments | undefined;
  return (observation) => {
    instruments ??= instrumentsOf(meter ?? metrics.getMeter(NAME));
    if (observation.kind === "answered") {
      const attributes = attributesOf(observation, path);
      trackRequest(tracer ?? trace.getTracer(NAME), observation, attributes);
      count(instruments, observation, attributes);
    } else if (observation.kind === "began") instruments.active.add(1, cameBy(observation));
    else if (observation.kind === "lagging") instruments.lag.record(observation.milliseconds / 1_000);
    else if (observation.kind === "changed")
      for (const table of observation.tables === "*" ? ["*"] : observation.tables)
        instruments.changes.add(1, { "db.collection.name": table });
  };
}

type Answered = Extract<Observation, { kind: "answered" }>;

interface Instruments {
  readonly duration: Histogram;
  readonly active: UpDownCounter;
  readonly refused: Counter;
  readonly changes: Counter;
  readonly lag: Histogram;
}

function instrumentsOf(meter: Meter): Instruments {
  const seconds = { unit: "s", advice: { explicitBucketBoundaries: BOUNDS } };
  return {
    duration: meter.createHistogram("http.server.request.duration", {
      ...seconds,
      description: "Duration of HTTP server requests.",
    }),
    active: meter.createUpDownCounter("http.server.active_requests", {
      unit: "{request}",
      description: "Number of active HTTP server requests.",
    }),
    refused: meter.createCounter("bepalo.query.refused", {
      unit: "{request}",
      description: "Requests that were refused, by code.",
    }),
    changes: meter.createCounter("bepalo.query.changes", {
      unit: "{change}",
      description: "Committed writes, by the table whose rows they may have changed.",
    }),
    lag: meter.createHistogram("bepalo.query.live.lag", {
      ...seconds,
      description: "How long after a change live answers are asked again, where that is late.",
    }),
  };
}

/** Whether a request failed, as the conventions of HTTP have it of servers. */
const FAILED = 500;

/** How a request came, by which those under way are counted. */
const cameBy = ({ sent, scheme }: { readonly sent: string; readonly scheme: Scheme }): Attributes => ({
  "http.request.method": traitsOf(sent)?.name ?? "_OTHER",
  "url.scheme": scheme,
});

function attributesOf(answered: Answered, path: string): Attributes {
  const { status, code, known, resource } = answered;
  return {
    ...cameBy(answered),
    "http.response.status_code": status,
    ...(known && { "http.route": `${path}/${resource}` }),
    ...(status >= FAILED && { "error.type": code ?? String(status) }),
  };
}

function count({ duration, active, refused }: Instruments, answered: Answered, attributes: Attributes): void {
  active.add(-1, cameBy(answered));
  duration.record(answered.milliseconds / 1_000, attributes);
  if (answered.code !== undefined) refused.add(1, { ...attributes, [CODE]: answered.code });
}

/** The code of a refusal, among attributes. */
const CODE = "bepalo.query.code";

function trackRequest(tracer: Tracer, answered: Answered, attributes: Attributes): void {
  const { status, code, arrived, milliseconds } = answered;
  const parent = context.active();
  const route = attributes["http.route"];
  const method = attributes["http.request.method"] === "_OTHER" ? "HTTP" : attributes["http.request.method"];
  const span = tracer.startSpan(
    [method, route].filter((part) => part !== undefined).join(" "),
    {
      // Whoever has a span for the request already is the server.
      kind: trace.getSpan(parent) === undefined ? SpanKind.SERVER : SpanKind.INTERNAL,
      startTime: arrived,
      attributes: { ...attributes, ...(code !== undefined && { [CODE]: code }) },
    },
    parent,
  );
  if (status >= FAILED) span.setStatus({ code: SpanStatusCode.ERROR });
  trackRooms(tracer, answered, trace.setSpan(parent, span));
  span.end(arrived + milliseconds);
}

function trackRooms(tracer: Tracer, answered: Answered, parent: Context): void {
  let at = answered.arrived;
  for (const [room, milliseconds] of Object.entries(answered.rooms)) {
    const asksDatabase = room === ("execute" satisfies Room);
    const kind = asksDatabase ? SpanKind.CLIENT : SpanKind.INTERNAL;
    const attributes = asksDatabase ? databaseAttributes(answered) : {};
    const span = tracer.startSpan(room, { kind, startTime: at, attributes }, parent);
    span.end((at += milliseconds));
  }
}

/** What the request came to the database for; of what is no method of one table, which database alone. */
function databaseAttributes({ database, table, method }: Answered): Attributes {
  const action = traitsOf(method)?.action;
  return {
    "db.system.name": database,
    ...(table !== undefined && {
      "db.collection.name": table,
      ...(action !== undefined && {
        "db.operation.name": action === "read" ? "SELECT" : action.toUpperCase(),
      }),
    }),
  };
}
