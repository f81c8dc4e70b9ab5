import type { Context } from "../author/context.ts";
import type { AggregateWish } from "./aggregate.ts";
import type { ConflictWish } from "./conflict.ts";
import type { Method } from "./method.ts";
import type { Ordering } from "./ordering.ts";
import type { Preferences } from "./preferences.ts";
import type { Projection } from "./projection.ts";
import type { RelationSelector, Selector } from "./selector.ts";
import type { Filling } from "./template.ts";

export {
  type Action,
  EVERY_METHOD,
  isBodiless,
  isRuled,
  type Method,
  METHOD_OF,
  METHODS,
  type MethodTraits,
  OPEN,
  RELATION_KEYS,
  RULED,
  type RuledMethod,
  type SelectorKey,
  standingFor,
  traitsOf,
  UNANSWERED,
} from "./method.ts";
export { type NamedRows, type NestedWish, type NewRows, readNested, type RowChange } from "./nested.ts";
export { readSelector } from "./selector.ts";
export { type Operation, readBatch, requestOf } from "./batch.ts";
export { type Bucket, BUCKETS } from "./bucket.ts";
export { COLUMN_FUNCTIONS, type ColumnFunction, readAggregate } from "./aggregate.ts";
export { ON_CONFLICT, readConflict } from "./conflict.ts";
export { readSort } from "./ordering.ts";
export type { CountWish } from "./counts.ts";
export { Blank, type Filling, type Given, type Template } from "./template.ts";
export { type Alternative, sizeOf, type Words } from "./words.ts";
export type { AggregateWish, ConflictWish, Ordering, Preferences, Projection, RelationSelector, Selector };

/** Which family of rules the client asks for. */
export type Scope = "mine" | "guest" | "mine|guest";

/**
 * What a client knows of the rows it writes: that there are some, or their versions. What it sent as a version and is none
 * is `undefined`.
 */
export type Match = "any" | readonly (number | undefined)[];

/**
 * What is asked of rows. A question that fills a template reads it when somebody asks, and a spread would lose it: so it is
 * declared as what a class makes, for which the compiler does not take a spread of a question for a question.
 */
declare abstract class Selecting {
  abstract get selector(): Selector;
}

/** The client's question; nothing is decided yet. {@link askedAs} makes another of it. */
export interface QueryRequest extends Selecting {
  readonly method: Method;
  readonly resource: string;
  readonly scope?: Scope | undefined;
  /** The client's wish for one row instead of a list; absent when it did not say. */
  readonly first?: boolean | undefined;
  /** Whether each row is to say which changes of the caller's would reach it. */
  readonly can?: boolean | undefined;
  /** Whether the page says where the next begins. */
  readonly cursor?: boolean | undefined;
  /** Whether the rows of rule and client's filter together are counted. */
  readonly filtered?: boolean | undefined;
  /** Asks for numbers about rows instead of rows. */
  readonly aggregate?: AggregateWish | undefined;
  /** The client's wish for a total; absent when it did not say. */
  readonly total?: boolean | undefined;
  /** What becomes of new rows that meet rows which exist; absent where they are a conflict. */
  readonly conflict?: ConflictWish | undefined;
  /** The condition a client makes on the versions of rows; absent when it makes none. */
  readonly match?: Match | undefined;
  /** How a client wants a write to be done; absent where it said nothing of that. */
  readonly prefer?: Preferences | undefined;
  /** Whether the very same question was asked before, so that what is made of it is worth remembering. */
  readonly recurring?: boolean | undefined;
  /** The template that it fills, where it differs from others by values alone; what it asks it says all the same. */
  readonly filling?: Filling | undefined;
}

/** A question that is another in what is said of it, and otherwise the same. */
export const askedAs = (request: QueryRequest, changes: Partial<QueryRequest>): QueryRequest => ({
  ...request,
  selector: request.selector,
  ...changes,
});

/** Who asks: his roles, strongest first, and the session context handed to the rules. */
export interface Principal {
  /** None of a guest. */
  readonly roles: readonly string[];
  readonly context: Context;
}
