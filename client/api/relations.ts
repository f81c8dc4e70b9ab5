import type { One } from "drizzle-orm";
import type { RelationsOf, SchemaShape } from "../../src/infer.ts";
import type { Answering } from "./columns.ts";

/** The relations that some of the rules let be asked for. */
export type Embeddable<Rule> =
  Answering<Rule> extends infer Open
    ? Open extends { readonly with: infer With }
      ? { [K in keyof With]: With[K] extends false | undefined ? never : K }[keyof With] & string
      : never
    : never;

/** The rules a relation is under. `relation` sets them apart: they give computed fields even without `select`. */
export type RelationRules<Rule, K> = Rule extends { readonly with: infer With }
  ? K extends keyof With
    ? With[K] extends true
      ? { readonly select: true; readonly relation: true }
      : With[K] extends object
        ? With[K] & { readonly relation: true }
        : never
    : never
  : never;

/** The relation `K` of a table. */
export type RelationAt<S extends SchemaShape, T extends keyof S, K> = K extends keyof RelationsOf<S, T>
  ? RelationsOf<S, T>[K]
  : never;

/** Whether a row may be missing: its foreign key may be null, or a rule may hide it. */
export type MayMiss<R, Rule> =
  R extends One<string, infer NotNull>
    ? NotNull extends true
      ? Rule extends { readonly where: (...parameters: never[]) => unknown }
        ? true
        : never
      : true
    : never;
