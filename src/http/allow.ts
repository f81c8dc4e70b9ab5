import { standingFor } from "../request/request.ts";
import type { Route } from "./handle.ts";

/** The header that names methods, and behind each those that stand for it, where a server hands them on. */
export function allowHeader(methods: readonly string[], { handsOnAll }: Pick<Route, "handsOnAll">): string {
  const named = handsOnAll ? methods.flatMap((method) => [method, ...standingFor(method)]) : methods;
  return named.join(", ");
}
