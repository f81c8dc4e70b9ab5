import type { Operators } from "drizzle-orm";
import type { Row } from "./model.ts";
import {
  type Asker,
  type Field,
  FIELDS,
  HOUSE,
  type HouseTable,
  SAYINGS,
  type SCHEMAS,
  TURNS,
} from "./written-once.ts";

// A whole access-control file as data: what the engine is given and what the oracle reads are both made of it.

/** Columns that are let out or may be set; `when` names a filter of the row, and then only where it holds. */
export interface Grant {
  readonly columns: readonly string[];
  readonly when?: string;
}

export type Choice = boolean | { readonly mode: boolean; readonly columns: readonly string[] };

/** A direction of an order, in any of its forms. */
export type Way =
  | "asc"
  | "desc"
  | 1
  | -1
  | { readonly sort: "asc" | "desc"; readonly nulls: "first" | "last" };

/** What may be aggregated, where it is not all that is readable. */
export interface AggregateSpec {
  readonly functions?: readonly string[];
  readonly columns?: Choice;
  readonly groupBy?: Choice;
  readonly minGroupSize?: number;
}

/** A rule wherever it stands. Filters are named: their words are in SAYINGS. */
export interface NodeSpec {
  readonly select?: Choice | readonly Grant[];
  readonly where?: string;
  readonly unrestricted?: boolean;
  readonly deleted?: "include" | "only";
  /** One-relations to the resources whose rules their rows must be admitted by. */
  readonly parent?: Readonly<Record<string, string>>;
  readonly orderBy?: Readonly<Record<string, Way>>;
  readonly maxLimit?: number;
  readonly maxDepth?: number;
  readonly aggregate?: true | AggregateSpec;
  readonly forbid?: readonly string[];
  readonly fields?: readonly string[];
  /** A text is the resource whose rule the relation stands under. */
  readonly with?: Readonly<Record<string, boolean | string | NodeSpec>>;
  /** Of a relation that passes a join table: the relation that leads there, and the one that leads on. */
  readonly through?: readonly [string, string];
  /** A filter of the join table's rows. */
  readonly throughWhere?: string;
  /** The resource whose rule a relation through a join table stands under, in place of all else that is said here. */
  readonly resource?: string;
}

/** A rule at the top of a resource. */
export interface TopSpec extends NodeSpec {
  readonly write?: Choice | readonly Grant[];
  readonly check?: true | string;
  readonly transition?: string;
  readonly requireWhere?: boolean;
  /** What the author puts into every new row. */
  readonly inject?: Row;
  /** Relations that are written with its rows, each with the resource whose rules they stand under. */
  readonly nest?: Readonly<Record<string, string>>;
}

export const METHODS = ["GET", "POST", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

/** A resource: who may do what with a table. */
export interface ResourceSpec {
  readonly table: HouseTable;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly control: Readonly<Partial<Record<Method, Readonly<Record<string, TopSpec>>>>>;
}

/** What is said once of a table. */
export interface FactsSpec {
  readonly where?: string;
  /** Columns of every new row, by what of the caller they are. */
  readonly set?: Readonly<Record<string, "me" | "tenant">>;
  readonly softDelete?: string;
  readonly version?: string;
}

export interface FileSpec {
  readonly tables: Readonly<Partial<Record<HouseTable, FactsSpec>>>;
  readonly resources: Readonly<Record<string, ResourceSpec>>;
}

/** The columns a choice names, in the table's order. */
export function chosen(choice: Choice | undefined, all: readonly string[]): readonly string[] {
  if (choice === undefined || choice === false) return [];
  if (choice === true) return all;
  return all.filter((name) => choice.columns.includes(name) === choice.mode);
}

/** Whether columns are let out, or may be set, grant by grant. */
export const areGrants = (columns: Choice | readonly Grant[] | undefined): columns is readonly Grant[] =>
  Array.isArray(columns);

/** The columns a rule lets out on any row, in the table's order. */
export function readableOf({ select }: NodeSpec, table: HouseTable): readonly string[] {
  const all = Object.keys(HOUSE[table].columns);
  if (!areGrants(select)) return chosen(select, all);
  return all.filter((name) => select.some(({ columns }) => columns.includes(name)));
}

/** The columns that a list of grants lets out, or lets be set, on some rows only. */
export const onSomeRows = (columns: Choice | readonly Grant[] | undefined): ((name: string) => boolean) => {
  if (!areGrants(columns)) return () => false;
  return (name) => !columns.some(({ columns: names, when }) => when === undefined && names.includes(name));
};

// --- as its author writes it -----------------------------------------------------------------------------------------

type Tables = (typeof SCHEMAS)[keyof typeof SCHEMAS];
// oxlint-disable-next-line typescript/no-explicit-any -- rules over any table
type Written = Record<string, any>;

/** The file as its author would write it for a database's schema. */
export function written(file: FileSpec, schema: Tables): { readonly acl: Written; readonly tables: Written } {
  const acl = Object.entries(file.resources).map(([id, { control, ...entry }]) => {
    const methods = Object.entries(control).map(([method, rules]) => [
      method,
      Object.fromEntries(
        Object.entries(rules).map(([role, rule]) => [role, ruleOf(rule, entry.table, schema)]),
      ),
    ]);
    return [id, { ...entry, control: Object.fromEntries(methods) }];
  });
  const tables = Object.entries(file.tables).map(([table, facts]) => [
    table,
    factsOf(facts, table as HouseTable),
  ]);
  return { acl: Object.fromEntries(acl), tables: Object.fromEntries(tables) };
}

const filterOf =
  (name: string, table: HouseTable) =>
  (asker: Asker, row: unknown, operators: Operators): unknown =>
    SAYINGS[table][name]!.sql(asker, row, operators);

const setter = (what: "me" | "tenant"): ((asker: Asker) => unknown) =>
  what === "me" ? async ({ me }) => me : ({ tenant }) => tenant;

function factsOf({ where, set, ...rest }: FactsSpec, table: HouseTable): Written {
  return {
    ...rest,
    ...(where !== undefined && { where: filterOf(where, table) }),
    ...(set !== undefined && {
      set: Object.fromEntries(Object.entries(set).map(([column, what]) => [column, setter(what)])),
    }),
  };
}

function grantsOf(columns: Choice | readonly Grant[], table: HouseTable): unknown {
  if (!areGrants(columns)) return columns;
  return columns.map(({ columns: names, when }) => ({
    columns: new Set(names),
    ...(when !== undefined && { when: filterOf(when, table) }),
  }));
}

const fieldOf = ({ sql }: Field, schema: Tables): unknown =>
  typeof sql === "function" ? sql(schema as never) : sql.of;

const choiceOf = (choice: Choice): unknown =>
  typeof choice === "boolean" ? choice : { ...choice, columns: new Set(choice.columns) };

function aggregateOf(spec: true | AggregateSpec): unknown {
  if (spec === true) return true;
  const { columns, groupBy, ...rest } = spec;
  return {
    ...rest,
    ...(columns !== undefined && { columns: choiceOf(columns) }),
    ...(groupBy !== undefined && { groupBy: choiceOf(groupBy) }),
  };
}

/** A relation's rule, whose table is known by the way that leads there. */
function relationOf(inner: NodeSpec, name: string, table: HouseTable, schema: Tables): Written {
  const { through, throughWhere, ...rest } = inner;
  const [first, second] = through ?? [name];
  const step = HOUSE[table].relations[first]!.table;
  if (second === undefined) return nodeOf(rest, step, schema);
  return {
    ...nodeOf(rest, HOUSE[step].relations[second]!.table, schema),
    through,
    ...(throughWhere !== undefined && { throughWhere: filterOf(throughWhere, step) }),
  };
}

function nodeOf(spec: NodeSpec, table: HouseTable, schema: Tables): Written {
  const { select, where, forbid, fields, with: relations, aggregate, ...rest } = spec;
  return {
    ...rest,
    ...(select !== undefined && { select: grantsOf(select, table) }),
    ...(where !== undefined && { where: filterOf(where, table) }),
    ...(aggregate !== undefined && { aggregate: aggregateOf(aggregate) }),
    ...(forbid !== undefined && { forbidQuery: Object.fromEntries(forbid.map((name) => [name, true])) }),
    ...(fields !== undefined && {
      extras: Object.fromEntries(fields.map((name) => [name, fieldOf(FIELDS[table][name]!, schema)])),
    }),
    ...(relations !== undefined && {
      with: Object.fromEntries(
        Object.entries(relations).map(([name, inner]) => [
          name,
          typeof inner === "object" ? relationOf(inner, name, table, schema) : inner,
        ]),
      ),
    }),
  };
}

function ruleOf(spec: TopSpec, table: HouseTable, schema: Tables): Written {
  const { write, check, transition, inject, ...rest } = spec;
  return {
    ...nodeOf(rest, table, schema),
    ...(write !== undefined && { write: grantsOf(write, table) }),
    ...(check !== undefined && { check: check === true ? true : filterOf(check, table) }),
    ...(transition !== undefined && {
      transition: (asker: Asker, before: unknown, after: unknown, operators: Operators) =>
        TURNS[table][transition]!.sql(asker, before, after, operators),
    }),
    ...(inject !== undefined && { injectBody: (body: object) => ({ ...body, ...inject }) }),
  };
}
