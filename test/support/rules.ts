import type { AnyRule } from "../../src/policy/any.ts";
import { EXTRAS, FILTERS, MODEL, type TableName } from "./model.ts";

/** A rule as data: what the engine is given and what the oracle reads are both made of it. */
export interface RuleSpec {
  readonly select?: boolean | { readonly mode: boolean; readonly columns: readonly string[] };
  /** The name of one of the table's filters. */
  readonly where?: string;
  readonly orderBy?: Readonly<Record<string, "asc" | "desc">>;
  readonly maxLimit?: number | null;
  readonly maxDepth?: number;
  readonly onSurpassMaxLimit?: "Throw" | "Limit";
  readonly forbid: readonly string[];
  /** The names of some of the table's computed fields. */
  readonly extras: readonly string[];
  readonly with: Readonly<Record<string, RuleSpec | boolean>>;
}

/** A resource as data; its one rule is everybody's. */
export interface EntrySpec {
  readonly table: TableName;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly maxLimit?: number | null;
  readonly maxDepth?: number;
  readonly onSurpassMaxLimit?: "Throw" | "Limit";
  readonly rule: RuleSpec;
}

export const EVERYTHING: RuleSpec = { select: true, forbid: [], extras: [], with: {} };

/** The rule as its author would write it. */
export function toRule(spec: RuleSpec, table: TableName): AnyRule {
  const { where, forbid, extras, with: relations, ...rest } = spec;
  return {
    ...rest,
    ...(where !== undefined && {
      where: ({ me }: { me: number }, columns: unknown) => FILTERS[table][where]!.sql(me, columns),
    }),
    forbidQuery: Object.fromEntries(forbid.map((capability) => [capability, true])),
    extras: Object.fromEntries(extras.map((name) => [name, EXTRAS[table][name]!.sql])),
    with: Object.fromEntries(
      Object.entries(relations).map(([name, inner]) => [
        name,
        typeof inner === "boolean" ? inner : toRule(inner, MODEL[table].relations[name]!.table),
      ]),
    ),
  };
}

/** The columns a rule lets out, in the schema's order. */
export function readableOf({ select }: RuleSpec, table: TableName): readonly string[] {
  const all = Object.keys(MODEL[table].columns);
  if (select === undefined || select === false) return [];
  if (select === true) return all;
  return all.filter((name) => select.columns.includes(name) === select.mode);
}
