import type { Context } from "../author/context.ts";
import type { Method } from "./method.ts";
import type { Ordering } from "./ordering.ts";
import type { Projection } from "./projection.ts";
import type { Selector } from "./selector.ts";

export {
  type Action,
  EVERY_METHOD,
  isBodiless,
  isRuled,
  type Method,
  METHODS,
  type MethodTraits,
  type MethodWith,
  OPEN,
  RULED,
  type RuledMethod,
  SELECTOR_KEYS,
  type SelectorKey,
  traitsOf,
  UNANSWERED,
} from "./method.ts";
export { readSelector } from "./selector.ts";
export { readDirection } from "./ordering.ts";
export type { Ordering, Projection, Selector };

/** Which family of rules the client asks for. */
export type Scope = "mine" | "guest" | "mine|guest";

/** The client's question; nothing is decided yet. */
export interface QueryRequest {
  readonly method: Method;
  readonly resource: string;
  readonly scope?: Scope;
  readonly selector: Selector;
  /** The client's wish for one row instead of a list; absent when it did not say. */
  readonly first?: boolean;
  /** The client's wish for a total; absent when it did not say. */
  readonly total?: boolean;
  /** Whether the very same question was asked before, so that what is made of it is worth remembering. */
  readonly recurring?: boolean;
}

/** Who asks: the role, if any, and the session context handed to the rules. */
export interface Principal {
  readonly role?: string;
  readonly context: Context;
}
