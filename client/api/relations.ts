import type { Many, One, Relation } from "drizzle-orm";
import type { AnyApi, RelationsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { RulesForbid } from "../column/ground.ts";
import type { Answering } from "./columns.ts";
import type { FactsOf } from "./resource.ts";
import type { Rules } from "./rules.ts";

/** The relations that some of the rules let be asked for. */
export type Embeddable<Rule> =
  Answering<Rule> extends infer Open
    ? Open extends { readonly with: infer With }
      ? { [K in keyof With]: With[K] extends false | undefined ? never : K }[keyof With] & string
      : never
    : never;

/**
 * The rules a relation is under. `relation` sets them apart: they give computed fields even without `select`. Under the name
 * of a resource it is the rules that somebody may GET it by; a scope is of the question alone.
 */
export type RelationRules<A extends AnyApi, Rule, K> = Rule extends { readonly with: infer With }
  ? K extends keyof With
    ? With[K] extends true
      ? { readonly select: true; readonly relation: true }
      : With[K] extends string
        ? Rules<A, With[K], "GET", {}>
        : With[K] extends { readonly resource: infer R extends string }
          ? Rules<A, R, "GET", {}>
          : With[K] extends object
            ? With[K] & { readonly relation: true }
            : never
    : never
  : never;

/** The relations to one row that some of the rules let be asked for. */
export type OneName<A extends AnyApi, T extends keyof A["schema"], Rule> = Exclude<
  Embeddable<Rule>,
  ManyName<A, T, Rule>
>;

/** The relations to lists that some of the rules let be asked for. */
export type ManyName<A extends AnyApi, T extends keyof A["schema"], Rule> = {
  [K in Embeddable<Rule>]: RelationAt<A["schema"], T, K, Rule> extends One ? never : K;
}[Embeddable<Rule>];

/** Those of them that may be counted. */
export type Countable<A extends AnyApi, T extends keyof A["schema"], Rule> = {
  [K in Embeddable<Rule>]: RelationAt<A["schema"], T, K, Rule> extends One
    ? never
    : RulesForbid<RelationRules<A, Rule, K>, "count"> extends true
      ? never
      : K;
}[Embeddable<Rule>];

/** Whether some of the rules let words be looked for. */
export type Searches<Rule> = true extends (Rule extends { readonly search: true } ? true : never)
  ? true
  : false;

/** The relation `K` of a table under its rules: one of its own, or a list that passes a join table. */
export type RelationAt<S extends SchemaShape, T extends keyof S, K, Rule> = K extends keyof RelationsOf<S, T>
  ? RelationsOf<S, T>[K]
  : Rule extends { readonly with: { readonly [P in K & string]: { readonly through: infer Way } } }
    ? Passing<S, T, Way>
    : never;

/** The list that a way leads to: of the table in which its second relation ends. */
type Passing<S extends SchemaShape, T extends keyof S, Way> = Way extends readonly [infer First, infer Second]
  ? Second extends keyof RelationsOf<S, Joined<S, T, First>>
    ? RelationsOf<S, Joined<S, T, First>>[Second] extends Relation<infer Table>
      ? Many<Table>
      : never
    : never
  : never;

type Joined<S extends SchemaShape, T extends keyof S, First> = First extends keyof RelationsOf<S, T>
  ? TargetOf<S, RelationsOf<S, T>[First]>
  : never;

/** The relation that is meant under a name of the question: the one it says, or else the one of that name. */
export type Meant<Name, Wish> = Wish extends { readonly relation: infer R extends string } ? R : Name;

/** Whether a row of a table may be missing: its foreign key may be null, or a rule may hide it. */
export type MayMiss<A extends AnyApi, T, R, Rule> =
  R extends One<string, infer NotNull>
    ? NotNull extends true
      ? Rule extends { readonly where: (...parameters: never[]) => unknown } | { readonly parent: object }
        ? true
        : Hides<FactsOf<A, T>, Rule>
      : true
    : never;

/** Whether a row may be missing by what is true of its table, as far as a rule does not lift it. */
type Hides<Facts, Rule> =
  | (Facts extends { readonly where: (...parameters: never[]) => unknown }
      ? Rule extends { readonly unrestricted: true }
        ? never
        : true
      : never)
  | (Facts extends { readonly softDelete: string }
      ? Rule extends { readonly deleted: "include" }
        ? never
        : true
      : never);
