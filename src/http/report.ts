import { type Observation, type Scheme, Stopwatch, tell, tellInTurn } from "../observe.ts";
import type { Route } from "./handle.ts";
import { rememberedQuestions } from "./parse.ts";
import type { Visit } from "./visit.ts";

/** What times a request, where somebody wants to know. */
export const watchOf = ({ watched, serverTiming }: Route): Stopwatch | undefined =>
  watched || serverTiming ? new Stopwatch() : undefined;

/** Tells the route's observer. */
export function inform(
  { observe, engine }: Pick<Route, "observe" | "engine">,
  observation: Observation,
): void {
  if (observe !== undefined) tellInTurn(engine.aside, () => tell(observe, observation));
}

/** Tells that a request has come. */
export function announce(route: Route, request: Request): void {
  if (route.watched) inform(route, { kind: "began", sent: request.method, scheme: schemeOf(request) });
}

/** Tells what a request came to, and how long it took; `own`, whether its resource is a name of the engine's own. */
export function report(
  visit: Visit,
  sent: Request,
  response: Response,
  watch: Stopwatch,
  own: boolean,
): void {
  const { route, resource, code } = visit;
  if (route.serverTiming) response.headers.set("server-timing", watch.toHeader());
  if (!route.watched) return;
  const table = route.engine.tableOf(resource);
  inform(route, {
    kind: "answered",
    method: visit.request.method,
    sent: sent.method,
    scheme: schemeOf(sent),
    resource,
    known: own || table !== undefined,
    ...(table !== undefined && { table }),
    database: route.engine.speaks,
    status: response.status,
    ...(code !== undefined && { code }),
    arrived: watch.arrived,
    milliseconds: performance.now() - watch.started,
    rooms: watch.rooms,
    remembered: { ...route.engine.remembered(), questions: rememberedQuestions() },
  });
}

const schemeOf = ({ url }: Request): Scheme => (url.startsWith("https:") ? "https" : "http");
