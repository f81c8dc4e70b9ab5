import type { AnyApi } from "../../src/infer.ts";
import type { Method, Scope } from "../options.ts";
import type { Role, RulesOf } from "./resource.ts";

/**
 * The rules that may apply to a question, as the server tries them: role, mine, all, or guest, all. Which role the caller
 * has is not known here, so there may be several; a scope narrows them.
 */
export type Rules<A extends AnyApi, R extends string, M extends Method, Q> = AnsweringRule<
  M,
  RulesOf<A, R, M>[Applicable<Role<A, R, M>, Q>]
>;

/** A read under a rule without `select` is refused, so such a rule answers none. */
type AnsweringRule<M extends Method, Rule> = M extends "GET"
  ? Extract<Rule, { readonly select: unknown }>
  : Rule;

/** Whether a scope leads to any rule. */
export type HasScope<A extends AnyApi, R extends string, M extends Method, K extends Scope> = [
  Applicable<Role<A, R, M>, { readonly [P in K]: true }>,
] extends [never]
  ? false
  : true;

/** The names of rules that may apply to a question. */
export type Applicable<Roles, Q> =
  Unsure<Q> extends true
    ? Roles
    : Q extends { readonly mine: true }
      ? Mine<Roles>
      : Q extends { readonly guest: true }
        ? Guest<Roles>
        : Q extends { readonly "mine|guest": true }
          ? Named<Roles> | MineOrGuest<Roles> | Guest<Roles>
          : Named<Roles> | Mine<Roles> | Guest<Roles>;

type Named<Roles> = Exclude<Roles, "mine" | "guest" | "all">;
type Mine<Roles> = "mine" extends Roles ? "mine" : Extract<Roles, "all">;
type Guest<Roles> = "guest" extends Roles ? "guest" : Extract<Roles, "all">;
type MineOrGuest<Roles> = "mine" extends Roles ? "mine" : Guest<Roles>;

/** Whether a flag of the question is known only when it is asked. */
type Unsure<Q> = true extends {
  [K in keyof Q & Scope]-?: boolean extends Q[K] ? true : false;
}[keyof Q & Scope]
  ? true
  : false;
