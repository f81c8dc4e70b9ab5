import type { Row } from "./model.ts";
import type { NodeSpec } from "./policy-rules.ts";
import { exists, inherited, relatedTo, type Seat } from "./policy-seat.ts";
import { HOUSE, type HouseTable } from "./written-once.ts";

// Relations as a rule offers them: those of a table, and those that pass a join table.

const ALL_OF_IT: NodeSpec = { select: true };

/** Who may ask which rules; no rows are needed to know what a rule offers. */
type Reader = Pick<Seat, "file" | "roles">;

/** The rule of a relation for this caller, and from where it is read. */
function ruleUnder(
  seat: Seat,
  { with: relations }: NodeSpec,
  name: string,
): Pick<Link, "node" | "seat"> | undefined {
  const inner = relations !== undefined && Object.hasOwn(relations, name) ? relations[name] : undefined;
  if (inner === undefined || inner === false) return undefined;
  if (inner === true) return { node: ALL_OF_IT, seat };
  const resource = typeof inner === "string" ? inner : inner.resource;
  if (resource === undefined) return { node: inner as NodeSpec, seat };
  const found = inherited(seat, resource);
  return found && { node: found.rule, seat: found.seat };
}

/** The rule alone. */
export const nodeUnder = (seat: Reader, node: NodeSpec, name: string): NodeSpec | undefined =>
  ruleUnder(seat as Seat, node, name)?.node;

/** Where a relation leads, and whether to many rows. */
export interface Target {
  readonly table: HouseTable;
  readonly many: boolean;
}

/** The join table that a rule lets a relation pass, if it does. */
const throughOf = ({ with: relations }: NodeSpec, name: string): NodeSpec | undefined => {
  const inner = relations?.[name];
  return typeof inner === "object" && inner.through !== undefined ? inner : undefined;
};

/** Where a relation leads that a rule names. */
export function targetOf(table: HouseTable, node: NodeSpec, name: string): Target {
  const [first, second] = throughOf(node, name)?.through ?? [name];
  const step = HOUSE[table].relations[first]!;
  return second === undefined ? step : { table: HOUSE[step.table].relations[second]!.table, many: true };
}

/** A relation at its place: the rule on its other side, and the rows that exist for the caller there. */
export interface Link extends Target {
  readonly name: string;
  readonly node: NodeSpec;
  readonly seat: Seat;
  readonly visible: (row: Row) => readonly Row[];
}

/** A relation by its name, if the caller may know it. */
export function linkOf(seat: Seat, table: HouseTable, node: NodeSpec, name: string): Link | undefined {
  const inner = ruleUnder(seat, node, name);
  if (inner === undefined) return undefined;
  const target = targetOf(table, node, name);
  const admitted = (row: Row): boolean => exists(inner.seat, target.table, inner.node, row);
  const through = throughOf(node, name);
  const visible =
    through === undefined
      ? (row: Row) => relatedTo(seat, table, name, row).filter(admitted)
      : (row: Row) => joined(seat, table, through, row).filter(admitted);
  return { ...target, ...inner, name, visible };
}

/** The rows behind a join table, once each: of its rows those count that exist by what is said of it and by the rule. */
function joined(
  seat: Seat,
  table: HouseTable,
  { through, throughWhere }: NodeSpec,
  row: Row,
): readonly Row[] {
  const [first, second] = through!;
  const { table: join } = HOUSE[table].relations[first]!;
  const condition: NodeSpec = throughWhere === undefined ? {} : { where: throughWhere };
  const joins = relatedTo(seat, table, first, row).filter((each) => exists(seat, join, condition, each));
  return [...new Set(joins.flatMap((each) => relatedTo(seat, join, second, each)))];
}
