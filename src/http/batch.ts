import { createContext, setHears } from "../author/author.ts";
import type { Answer, Asking, BatchCall } from "../engine/engine.ts";
import { QueryError } from "../error.ts";
import {
  type Method,
  type MethodTraits,
  OPEN,
  type Preferences,
  type Principal,
} from "../request/request.ts";
import { isResponse } from "../response.ts";
import { searchOf } from "./address.ts";
import { allowHeader } from "./allow.ts";
import { withHeaders } from "./forward.ts";
import { keyOf, type WriteKey } from "./idempotency.ts";
import { readRJSON } from "./parse.ts";
import { authenticate } from "./principal.ts";
import { readPreferences, telling } from "./prefer.ts";
import { refuseParameters } from "./query-string.ts";
import { respondWrite } from "./respond.ts";
import { shape } from "./shape.ts";
import { Question, type Visit } from "./visit.ts";

/** The name under which a route takes lists of requests. */
export const BATCH = "$batch";

/** What lists of requests may have. */
export interface BatchOptions {
  /** The most requests of one; 20 by default. */
  readonly maxOperations?: number;
}

const ALLOWED: readonly Method[] = [...OPEN, "POST"];

/** Answers a list of requests, of which all are kept or none, with the list of their answers. */
export async function respondBatch(
  visit: Visit,
  traits: MethodTraits | undefined,
  most: number,
  key: string | undefined,
): Promise<Response> {
  const { request, route, base } = visit;
  if (traits === undefined || !(traits.action === "insert" || traits.action === "inspect"))
    throw new QueryError("method-not-allowed", `\`${BATCH}\` takes lists of requests by POST`, {
      allow: ALLOWED,
    });
  refuseParameters(searchOf(request.url), BATCH);
  const context = createContext(request, request.method, BATCH, visit.known);
  if (route.engine.live !== undefined) setHears(context, route.engine.live.hears);
  const principal = await authenticate(request, context, route.session, visit);
  visit.mark("principal");
  if (isResponse(principal)) return withHeaders(principal, base, false);
  if (traits.action === "inspect")
    return new Response(null, { status: 204, headers: { ...base, allow: allowHeader(ALLOWED, route) } });
  await visit.nameFrom(context);
  const keyed = key === undefined ? undefined : await keyOf(visit, key, context);
  const preferred = readPreferences(request.headers);
  const answer = await route.engine.batch(new Batch(visit, principal, most, keyed, preferred?.preferences));
  return respondWrite(isResponse(answer) ? answer : { json: answer }, telling(base, preferred));
}

/** A list of requests on a visit. */
class Batch extends Question implements BatchCall {
  readonly most: number;

  constructor(
    visit: Visit,
    principal: Principal,
    most: number,
    keyed: WriteKey | undefined,
    prefer: Preferences | undefined,
  ) {
    const request = { method: "POST", resource: BATCH, selector: {}, ...(prefer && { prefer }) } as const;
    super(visit, request, principal, keyed);
    this.most = most;
  }

  readText(text: string, path: string): unknown {
    return readRJSON(text, path);
  }

  async shapePart(answer: Answer, { request, principal }: Asking): Promise<string | Response> {
    const { visit } = this;
    const { resource } = request;
    const shaped = await shape(answer, resource, visit.request, principal.context, visit.route.formatResult);
    return isResponse(shaped) ? shaped : shaped.json;
  }
}
