import { OPERATORS } from "../../../../client/column/operator.ts";
import type {
  Access,
  AccessAggregate,
  AccessColumn,
  AccessNode,
  AccessRange,
  AccessRelation,
  AccessResource,
  AccessRule,
} from "../../../access/access.ts";
import { METHOD_OF } from "../../../request/method.ts";
import { isPlain } from "./notation.ts";
import { asked, type Asked, isWrite, type Method, type Plain, type Scope } from "./request.ts";

export type { Access, AccessAggregate, AccessColumn };

/** The relations that lead to a place, by the names they have in the answer; the root is the empty one. */
export type Path = readonly string[];

/** What a caller may use in one place of a question. */
export interface Spot extends AccessNode {
  readonly limits: AccessRange;
  /** Absent at the root. */
  readonly kind?: "one" | "many";
  /** How many relations may nest from here on. */
  readonly depth: number;
}

/** The rule that answers a question, where one does. */
export function ruleOf(
  access: Access,
  { method, resource, scope }: Pick<Asked, "method" | "resource" | "scope">,
): AccessRule | undefined {
  const { rules = [] } = resourceOf(access, resource) ?? {};
  return rules.find((rule) => rule.methods.includes(method) && rule.scopes.includes(scope ?? "none"));
}

/** What the caller may do with a resource. */
export const resourceOf = (access: Access, resource: string): AccessResource | undefined =>
  Object.hasOwn(access.resources, resource) ? access.resources[resource] : undefined;

/** A question of a resource and nothing more: for one row where it answers one, whatever is asked. */
export function askedOf(access: Access, resource: string, method?: Method): Asked {
  const question = asked(resource, method);
  const single = resourceOf(access, resource)?.findFirst === true && !isWrite(question.method);
  return single ? { ...question, parameters: { findFirst: "" } } : question;
}

const OFFERED: readonly Method[] = Object.values(METHOD_OF);

/** The methods that the page offers of a resource, in some scope. */
export const methodsOf = (access: Access, resource: string): readonly Method[] =>
  OFFERED.filter((method) => resourceOf(access, resource)?.methods.includes(method));

/** The scopes in which a method answers; `undefined` is none. */
export function scopesOf(access: Access, resource: string, method: Method): readonly (Scope | undefined)[] {
  const rules = resourceOf(access, resource)?.rules.filter((rule) => rule.methods.includes(method)) ?? [];
  const scopes = new Set(rules.flatMap((rule) => rule.scopes));
  return SCOPES.filter((scope) => scopes.has(scope ?? "none"));
}

const SCOPES: readonly (Scope | undefined)[] = [undefined, "mine", "guest", "mine|guest"];

/** The place of a question that a path leads to, where the caller's rules know one. */
export function spotAt(access: Access, question: Asked, path: Path = []): Spot | undefined {
  const rule = ruleOf(access, question);
  let spot: Spot | undefined = rule && { ...rule, depth: rule.limits.maxDepth };
  let node: Plain = question.aggregate ?? question.select ?? {};
  for (const name of path) {
    const wish: unknown = isPlain(node["with"]) ? node["with"][name] : undefined;
    spot = spot && relationSpot(access, spot, relationIn(name, wish));
    node = isPlain(wish) ? wish : {};
  }
  return spot;
}

/** The relation that a member of `with` or `count` means. */
export const relationIn = (name: string, wish: unknown): string =>
  isPlain(wish) && typeof wish["relation"] === "string" ? wish["relation"] : name;

/** The place behind a relation: under a rule of its own, or that by which its resource is read. */
export function relationSpot(access: Access, spot: Spot, relation: string): Spot | undefined {
  if (!Object.hasOwn(spot.relations, relation) || spot.depth < 1) return undefined;
  const found = spot.relations[relation]!;
  const depth = Math.min(spot.depth - 1, found.limits.maxDepth);
  if (found.resource === undefined) return { ...found, depth };
  const rule = ruleOf(access, { method: METHOD_OF.read, resource: found.resource });
  if (rule === undefined) return undefined;
  const { kind, limits, takes, requireWhere } = found;
  const { columns, extras, relations } = rule;
  return {
    kind,
    limits,
    takes,
    columns,
    extras,
    relations: takes.includes("with") ? relations : {},
    depth,
    ...(requireWhere !== undefined && { requireWhere }),
  };
}

/** The operators that compare a column. */
export const operatorsOf = (access: Access, column: AccessColumn): readonly string[] =>
  column.operators ?? access.operators?.[column.kind] ?? [];

/** What stands on the right of an operator. */
export type OperandKind = "value" | "list" | "pair" | "flag" | "text" | "json";

const OPERANDS: Readonly<Record<keyof typeof OPERATORS, OperandKind>> = {
  equality: "value",
  order: "value",
  range: "pair",
  list: "list",
  presence: "flag",
  text: "text",
  array: "list",
  json: "json",
};

/** The operators by name; `undefined` for what is none. */
export function operandOf(operator: string): OperandKind | undefined {
  const families = Object.keys(OPERATORS) as (keyof typeof OPERATORS)[]; // its own keys, and no others
  const family = families.find((name) => (OPERATORS[name] as readonly string[]).includes(operator));
  return family && OPERANDS[family];
}

/** A column, by its name or by the path that leads to it over relations to one row: `basket.name`. */
export interface PathColumn {
  readonly path: string;
  readonly column: AccessColumn;
}

/** What may be done with a column of a place. Of relations to one row, what may be read may be asked by. */
function may(what: "filterable" | "sortable", spot: Spot, column: AccessColumn): boolean {
  if (column[what] === true) return true;
  const key = what === "filterable" ? "where" : "orderBy";
  return spot.kind === "one" && !spot.takes.includes(key) && column.readable === true;
}

/** The columns that a place has for filters or orders, those of relations to one row behind its own. */
export function columnsFor(
  what: "filterable" | "sortable",
  access: Access,
  spot: Spot,
  deep = 2,
): readonly PathColumn[] {
  const own = Object.entries(spot.columns)
    .filter(([, column]) => may(what, spot, column))
    .map(([path, column]): PathColumn => ({ path, column }));
  if (deep < 1) return own;
  const behind = Object.entries(spot.relations)
    .filter(([, { kind }]) => kind === "one")
    .flatMap(([name]) => {
      const inner = relationSpot(access, spot, name);
      const found = inner ? columnsFor(what, access, inner, deep - 1) : [];
      return found.map(({ path, column }): PathColumn => ({ path: `${name}.${path}`, column }));
    });
  return [...own, ...behind];
}

/** The column that a name or a path leads to. */
export function columnAt(access: Access, spot: Spot, path: string): AccessColumn | undefined {
  if (Object.hasOwn(spot.columns, path)) return spot.columns[path];
  const dot = path.indexOf(".");
  if (dot < 0) return undefined;
  const inner = relationSpot(access, spot, path.slice(0, dot));
  return inner && columnAt(access, inner, path.slice(dot + 1));
}

/** A relation of a place. */
export interface NamedRelation {
  readonly name: string;
  readonly kind: "one" | "many";
  readonly relation: AccessRelation;
}

/** The relations of a place, those of one kind where that is said. */
export const relationsOf = (spot: Spot, kind?: "one" | "many"): readonly NamedRelation[] =>
  Object.entries(spot.relations)
    .filter(([, relation]) => spot.depth > 0 && (kind === undefined || relation.kind === kind))
    .map(([name, relation]) => ({ name, kind: relation.kind, relation }));

/** How rows of a relation may be asked for in a filter. */
export const QUANTIFIERS = { many: ["some", "none", "every"], one: ["is", "isNot"] } as const;
export type Quantifier = (typeof QUANTIFIERS)["many" | "one"][number];

/** The operators that compare how many rows there are. */
export const COUNT_OPERATORS: readonly string[] = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "between"];

/** The functions of aggregates that take columns. */
export const FUNCTIONS = ["count", "countDistinct", "sum", "avg", "min", "max"] as const;
export type ColumnFunction = (typeof FUNCTIONS)[number];

/** The stretches of time that moments are grouped by. */
export const BUCKETS = ["year", "quarter", "month", "week", "day", "hour"] as const;

/** What rows may be grouped by: columns, and the stretches of time of those that hold moments. */
export const groupsOf = ({ columns }: AccessAggregate): readonly string[] =>
  Object.entries(columns).flatMap(([name, { groupBy, buckets }]) => [
    ...(groupBy === true ? [name] : []),
    ...(buckets === true ? BUCKETS.map((bucket) => `${name}.${bucket}`) : []),
  ]);

/** What groups may be filtered and ordered by: `count`, `sum.price`. */
export const figuresOf = ({ count, columns }: AccessAggregate): readonly string[] => [
  ...(count ? ["count"] : []),
  ...Object.entries(columns).flatMap(([name, { functions }]) =>
    functions.map((figure) => `${figure}.${name}`),
  ),
];
