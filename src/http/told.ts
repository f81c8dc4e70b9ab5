import type { MethodTraits, Principal } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { readerOf } from "./own-read.ts";
import { respondRead } from "./respond.ts";
import type { Visit } from "./visit.ts";

/** Something that a route tells each caller of himself, under a name of its own. */
export interface Told {
  /** As JSON. */
  readonly json: (principal: Principal) => string | Promise<string>;
  /** How long it may be kept, by whom. */
  readonly cacheControl: (principal: Principal) => string;
}

/** Tells a caller what is only read, takes no parameters, and is of nobody else's. */
export async function respondTold(
  visit: Visit,
  traits: MethodTraits | undefined,
  { json, cacheControl }: Told,
): Promise<Response> {
  const reader = await readerOf(visit, traits, { bare: true });
  if (isResponse(reader)) return reader;
  const text = await json(reader.principal);
  visit.mark("plan");
  const headers = { ...visit.base, "cache-control": cacheControl(reader.principal) };
  return respondRead(visit.request, { json: text }, headers);
}
