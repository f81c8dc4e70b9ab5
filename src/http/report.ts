import { type Observation, Stopwatch, tell, tellInTurn } from "../observe.ts";
import type { Route } from "./handle.ts";
import { rememberedQuestions } from "./parse.ts";

/** What times a request, where somebody wants to know. */
export const watchOf = ({ watched, serverTiming }: Route): Stopwatch | undefined =>
  watched || serverTiming ? new Stopwatch() : undefined;

/** Tells the route's observer. */
export function inform({ observe, engine }: Route, observation: Observation): void {
  if (observe !== undefined) tellInTurn(engine.aside, () => tell(observe, observation));
}

/** Tells what a request came to, and how long it took. */
export function report(
  route: Route,
  { method }: Request,
  resource: string,
  response: Response,
  watch: Stopwatch,
): void {
  if (route.serverTiming) response.headers.set("server-timing", watch.toHeader());
  inform(route, {
    kind: "answered",
    method,
    resource,
    status: response.status,
    milliseconds: performance.now() - watch.started,
    rooms: watch.rooms,
    remembered: { ...route.engine.remembered(), questions: rememberedQuestions() },
  });
}
