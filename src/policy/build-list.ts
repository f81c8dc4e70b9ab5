import type { RelationInfo, TableInfo } from "../schema/schema.ts";
import type { AnyRule } from "./any.ts";
import { isMap } from "./keys.ts";
import type { Mistakes } from "./mistakes.ts";
import type { ThroughPolicy } from "./policy.ts";

/** Where a relation leads, and the join table that it passes, if it does. */
export interface Way {
  readonly relation: RelationInfo;
  readonly through: ThroughPolicy | undefined;
}

/** The table in which a relation ends. */
export const endOf = ({ relation, through }: Pick<Way, "relation"> & Partial<Way>): TableInfo =>
  (through?.relation ?? relation).target;

/** Whether what a rule says of a relation is the rule of a list that passes a join table. */
export const isOfList = (choice: boolean | string | AnyRule | undefined): choice is AnyRule =>
  isMap(choice) && choice["through"] !== undefined;

/** The two steps of a list: to the join table, by its author's own name, and on from there. */
export interface Steps {
  readonly joins: RelationInfo;
  readonly leads: RelationInfo;
}

/** Reads the steps of a list, and collects what is wrong with them and with its name. */
export function readSteps(
  name: string,
  through: unknown,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): Steps | undefined {
  const mistake = (sentence: string): undefined => {
    mistakes.add(`${path}.${name}`, sentence);
  };
  const { relations, columns } = table;
  if (relations.has(name) || columns.has(name))
    return mistake(
      `${table.name} has a ${relations.has(name) ? "relation" : "column"} of that name, so a list cannot have it`,
    );
  if (!isPair(through))
    return mistake("`through` takes two relations: to the join table, and from there to the rows");
  const [first, second] = through;
  const joins = relations.get(first);
  if (joins?.kind !== "many") return mistake(`${table.name} has no relation \`${first}\` to many rows`);
  const { target: join } = joins;
  const leads = join.relations.get(second);
  if (leads?.kind !== "one") return mistake(`${join.name} has no relation \`${second}\` to one row`);
  if (leadsBack(joins, leads, table))
    return mistake(`\`${second}\` leads from ${join.name} back to the very row`);
  return { joins: { ...joins, name }, leads };
}

const isPair = (value: unknown): value is readonly [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((step) => typeof step === "string");

/** Whether the second step of a list joins by the columns by which the first has come. */
const leadsBack = (joins: RelationInfo, leads: RelationInfo, table: TableInfo): boolean =>
  leads.target === table &&
  joins.on.length === leads.on.length &&
  joins.on.every((pair) =>
    leads.on.some(({ source, target }) => source === pair.target && target === pair.source),
  );
