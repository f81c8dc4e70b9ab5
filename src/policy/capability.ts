import type { SelectorKey } from "../request/request.ts";

/** What a rule may forbid its clients to use: keys of their selectors, and what else they may ask for. */
export type Capability = Exclude<SelectorKey, "after" | "before"> | "required" | "aggregate" | "cursor";

/** Every capability, in the order in which they are told. */
export const CAPABILITIES: ReadonlySet<Capability> = new Set([
  "columns",
  "where",
  "orderBy",
  "limit",
  "offset",
  "with",
  "count",
  "required",
  "aggregate",
  "cursor",
  "search",
] as const);
