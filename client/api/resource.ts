import type { AnyApi, ColumnsOf } from "../../src/infer.ts";
import type { Method } from "../options.ts";

/**
 * Whether the API's type is `any`, or made of it, as an import that was not found leaves it. Then nothing is known, so that
 * everything may be asked and anything answered.
 */
export type Unknown<A extends AnyApi> = 0 extends 1 & (A["acl"] | A["schema"]) ? true : false;
// oxlint-disable-next-line typescript/no-explicit-any -- what is asked and answered where nothing is known
export type Anything = any;

/** The resources of an API, by the ids of their URLs. */
export type Resource<A extends AnyApi> = keyof A["acl"] & string;

/** The entry of a resource. */
export type EntryOf<A extends AnyApi, R extends string> = R extends Resource<A> ? A["acl"][R] : never;

/** The table behind a resource. */
export type TableOf<A extends AnyApi, R extends string> = EntryOf<A, R>["table"] extends infer T extends
  keyof A["schema"]
  ? T
  : never;

/** What is said of a table once, for all rules; nothing where the API's type does not know. */
export type FactsOf<A extends AnyApi, T> = T extends keyof A["tables"] ? A["tables"][T] : never;

/** The rules of a resource for a method, by role. */
export type RulesOf<A extends AnyApi, R extends string, M extends Method> =
  EntryOf<A, R> extends {
    readonly control: { readonly [K in M]: infer Rules };
  }
    ? Rules
    : {};

/** The resources that have a rule for a method. */
export type Offering<A extends AnyApi, M extends Method> = {
  [R in Resource<A>]: [Role<A, R, M>] extends [never] ? never : R;
}[Resource<A>];

/** The roles a resource has rules for, and the scopes. */
export type Role<A extends AnyApi, R extends string, M extends Method> = keyof RulesOf<A, R, M>;

/** The columns of a resource's table. */
export type ResourceColumns<A extends AnyApi, R extends string> = ColumnsOf<A["schema"], TableOf<A, R>>;
