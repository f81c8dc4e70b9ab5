import type { Row } from "./model.ts";
import {
  areGrants,
  type FactsSpec,
  type FileSpec,
  type Grant,
  type Method,
  type NodeSpec,
  readableOf,
  type TopSpec,
} from "./policy-rules.ts";
import { type Asker, HOUSE, type House, HOUSE_TABLES, type HouseTable, SAYINGS } from "./written-once.ts";

// Who asks under which rule, which rows exist for him, and how he sees them.

/** Who asks; `roles` is what the author's session answers, whatever it is. */
export interface Caller {
  readonly me: string;
  readonly tenant: string;
  readonly roles: unknown;
}

export type Scope = "mine" | "guest" | "mine|guest" | undefined;

/** Where rules are read: the file, the rows, and who asks. */
export interface Seat {
  readonly file: FileSpec;
  readonly house: House;
  readonly roles: readonly string[];
  readonly asker: Asker;
}

// --- which rule applies ----------------------------------------------------------------------------------------------

const RESERVED = ["guest", "mine", "all"];

/** The roles of a caller, strongest first: reserved names and what is no text are none. */
export function rolesOf({ roles }: Pick<Caller, "roles">): readonly string[] {
  const all: readonly unknown[] = Array.isArray(roles) ? roles : [roles];
  return all.filter(
    (role): role is string => typeof role === "string" && role !== "" && !RESERVED.includes(role),
  );
}

/** The names under which a rule is looked for, in this order. */
function namesOf(roles: readonly string[], scope: Scope): readonly string[] {
  if (scope === "guest") return ["guest", "all"];
  if (roles.length === 0) return scope === "mine" ? [] : ["guest", "all"];
  if (scope === "mine") return ["mine", "all"];
  return [...roles, "mine", ...(scope === undefined ? [] : ["guest"]), "all"];
}

export interface Resolved {
  readonly table: HouseTable;
  readonly rule: TopSpec;
  /** The role whose rule decides: the first of the caller's where it is a rule of everybody's. */
  readonly role: string | undefined;
}

/** The first rule that is for the caller. */
export function resolve(
  file: FileSpec,
  resource: string,
  method: Method,
  roles: readonly string[],
  scope?: Scope,
): Resolved | undefined {
  const { table, control } = file.resources[resource]!;
  const rules = control[method] ?? {};
  const name = namesOf(roles, scope).find((candidate) => Object.hasOwn(rules, candidate));
  if (name === undefined) return undefined;
  return { table, rule: rules[name]!, role: RESERVED.includes(name) ? roles[0] : name };
}

export function seatOf(file: FileSpec, house: House, caller: Caller, { role }: Pick<Resolved, "role">): Seat {
  const { me, tenant } = caller;
  return { file, house, roles: rolesOf(caller), asker: { me, tenant, role } };
}

// --- which rows exist ------------------------------------------------------------------------------------------------

export const factsOf = ({ file }: Seat, table: HouseTable): FactsSpec => file.tables[table] ?? {};

export const holds = (
  { asker, house }: Seat,
  table: HouseTable,
  name: string | undefined,
  row: Row,
): boolean => name === undefined || SAYINGS[table][name]!.js(row, asker, house) === true;

/** A rule where another leads to it, and from where it is read: in the role that it applies for. */
export interface Inherited {
  readonly rule: TopSpec;
  readonly seat: Seat;
}

/** The rule of a resource for this caller, wherever it stands besides at the top: no scope. */
export function borrowed(seat: Seat, resource: string): Inherited | undefined {
  const resolved = resolve(seat.file, resource, "GET", seat.roles);
  if (resolved === undefined) return undefined;
  const { rule, role } = resolved;
  return { rule, seat: { ...seat, asker: { ...seat.asker, role } } };
}

/** The same of a relation. A rule without `select` lets out numbers about all of its rows, and no row. */
export function inherited(seat: Seat, resource: string): Inherited | undefined {
  const found = borrowed(seat, resource);
  return found?.rule.select === undefined ? undefined : found;
}

/** What no `check` lifts: the table's own condition and the parents. */
export function belongs(seat: Seat, table: HouseTable, node: NodeSpec, row: Row): boolean {
  if (node.unrestricted !== true && !holds(seat, table, factsOf(seat, table).where, row)) return false;
  return Object.entries(node.parent ?? {}).every(([relation, resource]) => {
    const found = borrowed(seat, resource);
    // Where the caller resolves to no rule of the parent's that lets something out, no parent is visible to him.
    if (found?.rule.select === undefined && found?.rule.aggregate === undefined) return false;
    const { table: target } = HOUSE[table].relations[relation]!;
    return relatedTo(seat, table, relation, row).some((parent) =>
      exists(found.seat, target, found.rule, parent),
    );
  });
}

function isAlive(seat: Seat, table: HouseTable, { deleted }: NodeSpec, row: Row): boolean {
  const { softDelete } = factsOf(seat, table);
  if (softDelete === undefined || deleted === "include") return true;
  return (row[softDelete] === null) === (deleted === undefined);
}

/** Whether a row exists for the caller under a rule. */
export function exists(seat: Seat, table: HouseTable, node: NodeSpec, row: Row): boolean {
  return (
    isAlive(seat, table, node, row) && holds(seat, table, node.where, row) && belongs(seat, table, node, row)
  );
}

/** Whether what is said of a table hides a row from a caller, whatever his role, unless a rule lifts it. */
export function isHidden(file: FileSpec, house: House, caller: Caller, table: HouseTable, row: Row): boolean {
  const seat = seatOf(file, house, caller, { role: undefined });
  return !isAlive(seat, table, {}, row) || !belongs(seat, table, {}, row);
}

/** Rows that a relation joins, seen or not: it joins by what is stored. */
export function relatedTo({ house }: Seat, table: HouseTable, relation: string, row: Row): readonly Row[] {
  const { table: target, on } = HOUSE[table].relations[relation]!;
  return house[target].filter((other) =>
    on.every(([source, key]) => row[source] !== null && row[source] === other[key]),
  );
}

// --- which columns are let out ---------------------------------------------------------------------------------------

/** A row as the client sees it: masked columns are null, whatever is asked of them. */
export interface SeenRow {
  readonly row: Row;
  readonly seen: Row;
  readonly masked: readonly string[];
}

export const grantedBy = (
  seat: Seat,
  table: HouseTable,
  grants: readonly Grant[],
  column: string,
  row: Row,
): boolean => grants.some(({ columns, when }) => columns.includes(column) && holds(seat, table, when, row));

export function seenUnder(seat: Seat, table: HouseTable, node: NodeSpec): (row: Row) => SeenRow {
  const { select } = node;
  if (!areGrants(select)) return (row) => ({ row, seen: row, masked: [] });
  const readable = readableOf(node, table);
  return (row) => {
    const masked = readable.filter((column) => !grantedBy(seat, table, select, column, row));
    return { row, masked, seen: { ...row, ...Object.fromEntries(masked.map((column) => [column, null])) } };
  };
}

/**
 * The cells of a row that are masked for a caller in a file where a table is seen alike wherever it is met, whichever of his
 * roles decides; columns that are let out nowhere are among them.
 */
export function maskedFor(
  file: FileSpec,
  house: House,
  caller: Caller,
  {
    table,
    row,
    grants,
    columns,
  }: { table: HouseTable; row: Row; grants: readonly Grant[]; columns: readonly string[] },
): readonly string[] {
  const seats = [undefined, ...rolesOf(caller)].map((role) => seatOf(file, house, caller, { role }));
  return columns.filter((name) => !seats.some((seat) => grantedBy(seat, table, grants, name, row)));
}

/** What is made of each table. */
export const perTable = <T>(of: (table: HouseTable) => T): Record<HouseTable, T> =>
  Object.fromEntries(HOUSE_TABLES.map((table) => [table, of(table)])) as unknown as Record<HouseTable, T>;
