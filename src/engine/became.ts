import { operatorName } from "../operator/operator.ts";
import type { AggregatePlan, Counted, Ordered, Predicate, ReadNode } from "../plan/plan.ts";

/** What a question became in one place: only what is permitted, with what was left out filled in. */
export interface Became {
  readonly table: string;
  readonly rule: string;
  readonly columns?: readonly string[];
  readonly computed?: readonly string[];
  /** What is compared with what, values aside. */
  readonly where?: string;
  /** With what makes the order total. */
  readonly orderBy?: readonly string[];
  /** Null where nothing bounds it. */
  readonly limit?: number | null;
  readonly offset?: number;
  readonly relations?: Readonly<Record<string, Became>>;
  readonly counts?: readonly string[];
  readonly groupBy?: number;
  readonly figures?: readonly string[];
}

/** What a node of a plan asks. */
export function becameOf(node: ReadNode): Became {
  const { secured, selected, extras, where, orderBy, single, relations, counts, limit, offset } = node;
  const pages = single
    ? {}
    : { orderBy: orderBy.map(ordered), limit: Number.isFinite(limit) ? limit : null, offset };
  return {
    table: secured.table.name,
    rule: secured.policy.path,
    columns: selected.map(({ name }) => name),
    ...(extras.size > 0 && { computed: [...extras.keys()] }),
    ...(where !== undefined && { where: condition(where) }),
    ...pages,
    ...(relations.size > 0 && {
      relations: Object.fromEntries([...relations].map(([name, { node: inner }]) => [name, becameOf(inner)])),
    }),
    ...(counts.size > 0 && { counts: [...counts.keys()] }),
  };
}

/** What an aggregate asks. */
export function becameOfAggregate({ root, shown, groups, limit, offset }: AggregatePlan): Became {
  const { secured, where } = root;
  return {
    table: secured.table.name,
    rule: secured.policy.path,
    figures: shown.map(({ name }) => name),
    ...(where !== undefined && { where: condition(where) }),
    ...(groups !== undefined && {
      groupBy: groups.length,
      limit: Number.isFinite(limit) ? limit : null,
      offset,
    }),
  };
}

function ordered({ expression, direction, nulls }: Ordered): string {
  const name = nameOf(expression);
  return `${name} ${direction}${nulls === undefined ? "" : ` nulls ${nulls}`}`;
}

function nameOf(expression: Ordered["expression"]): string {
  switch (expression.kind) {
    case "column":
      return expression.column.name;
    case "masked":
      return `${expression.column.name} (masked)`;
    case "path":
      return `${expression.link.relation.name}.${nameOf(expression.value)}`;
    case "count":
      return counted(expression.counted);
    case "rank":
      return "search";
  }
}

const counted = ({ link, where }: Counted): string =>
  `count of ${link.relation.name}${where === undefined ? "" : ` where ${condition(where)}`}`;

/** A filter in words: no value of it. */
function condition(predicate: Predicate): string {
  switch (predicate.kind) {
    case "and":
    case "or":
      return predicate.parts.map((part) => `(${condition(part)})`).join(` ${predicate.kind} `);
    case "not":
      return `not (${condition(predicate.part)})`;
    case "condition":
      return `${nameOf(predicate.expression)} ${operatorName(predicate.operator)} ?`;
    case "related": {
      const { link, holds, part } = predicate;
      return `${holds} of ${link.relation.name}${part === undefined ? "" : ` where ${condition(part)}`}`;
    }
    case "count":
      return `${counted(predicate.counted)} ${operatorName(predicate.operator)} ?`;
    case "search":
      return "words ?";
  }
}
