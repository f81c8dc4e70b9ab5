import { createContext } from "../author/author.ts";
import type { OneRow } from "../engine/engine.ts";
import { QueryError, quote } from "../error.ts";
import { isResponse } from "../response.ts";
import { parentOf, pathOf } from "./address.ts";
import { authenticate } from "./principal.ts";
import type { Visit } from "./visit.ts";

/**
 * Refuses a path at which no resource is. Who looks for a row of a resource behind its name hears how he asks for it.
 *
 * @throws QueryError `unknown-resource`.
 */
export async function refusePath(visit: Visit): Promise<never> {
  const { basePaths } = visit.route.mount;
  const path = pathOf(visit.request.url);
  const base = basePaths[0]!;
  const parent = parentOf(path, basePaths);
  const row = parent && (await oneRow(visit, parent));
  throw new QueryError("unknown-resource", `no resource is at ${quote(path)}`, {
    hint: row ? `one row is at \`${written(base, parent, row)}\`` : general(base, parent !== undefined),
  });
}

const general = (base: string, deep: boolean): string =>
  `resources are at \`${base}/<name>\`${deep ? `, one row at \`${base}/<name>?findFirst&select=(where:(id:'…'))\`` : ""}`;

const written = (base: string, resource: string, { first, where }: OneRow): string =>
  `${base}/${encodeURIComponent(resource)}?${first ? "findFirst&" : ""}select=(where:${where})`;

/** Only who may ask the resource hears of its key, so it is asked who that is. */
async function oneRow(visit: Visit, resource: string): Promise<OneRow | undefined> {
  const { request, route } = visit;
  if (!route.engine.has(resource)) return undefined;
  const context = createContext(request, request.method, resource, visit.known);
  const principal = await authenticate(request, context, route.session, visit);
  return isResponse(principal) ? undefined : route.engine.oneRow(resource, principal);
}
