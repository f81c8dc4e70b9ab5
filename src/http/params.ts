import { readParams, setParams } from "../author/author.ts";
import type { Engine } from "../engine/engine.ts";
import type { Method, Principal, QueryRequest } from "../request/request.ts";
import { parametersOf, unknownTo } from "./parse.ts";
import { takeOthers } from "./query-string.ts";
import type { Visit } from "./visit.ts";

/** What a URL gives beside the engine's own parameters. */
export interface Given {
  /** The query string without it. */
  readonly rest: string;
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Takes from a query string what is none of the engine's own. It is a caller's, so that no question that is remembered
 * holds it.
 */
export const takeGiven = (method: Method, search: string): Given => takeOthers(search, parametersOf(method));

/**
 * Has what a URL gives validated and puts it into the context, for whoever may ask at all: nobody else hears what there
 * is to give.
 */
export async function admitGiven(
  visit: Visit,
  request: QueryRequest,
  principal: Principal,
  { values }: Given,
): Promise<void> {
  const declared = visit.route.engine.parameters(request, principal);
  for (const name of values.keys())
    if (!declared.has(name)) throw unknownTo(request.method, name, declared.keys());
  setParams(principal.context, await visit.ask(() => readParams(declared, values)));
}

/**
 * Looks at the names alone, where nothing will be asked.
 *
 * @throws QueryError `unknown-parameter` for what no rule of the resource declares.
 */
export function refuseUndeclared(
  engine: Engine,
  { method, resource }: QueryRequest,
  { values }: Given,
): void {
  const declared = engine.declared(resource);
  for (const name of values.keys()) if (declared?.has(name) !== true) throw unknownTo(method, name);
}
