import { eq, getOperators, is, SQL } from "drizzle-orm";
import type { AuthorFunction } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";
import { recording } from "./record.ts";
import { BRANCHES, sourceOf } from "./rows.ts";
import { writeSQL } from "./sql.ts";

/** What calls anything: such a function may do more than answer. Its own head is none. */
const CALLS = /[\w$\])]\s*\(|\bnew\b|\x60|\bdelete\b|[^=!<>]=(?![=>])|\+\+|--/;
const HEAD = /^[\w$\s]*\([^()]*\)/;

/**
 * What a function makes of values whoever asks: its context is one that stands for anybody's. `undefined` where it is not
 * asked, since it calls, assigns, branches or waits, so that it may do more than answer, or answer otherwise.
 */
export function foreseen(make: AuthorFunction, ...values: readonly unknown[]): unknown {
  const source = sourceOf(make);
  if (BRANCHES.test(source) || CALLS.test(source.replace(HEAD, ""))) return undefined;
  try {
    return make(...values, recording());
  } catch {
    return undefined;
  }
}

/** `({ user }, row, { eq }) => user && eq(row.userId, user.id)`: nothing is admitted to nobody. */
const GUARD = /=>\s*(?:\(\s*)?([\w$]+)(?:\??\.[\w$]+)*\s*&&/;

/**
 * Whether a row is known to satisfy what a function asks of rows, whoever asks that is somebody: values of which only the
 * way is known by which they are read of the context are the same where the way is. What is not known does not hold.
 */
export function holds(
  ask: AuthorFunction,
  { table, columns, database }: TableInfo,
  row: Readonly<Record<string, unknown>>,
): boolean {
  const source = sourceOf(ask);
  const [guard = "", known] = GUARD.exec(source) ?? [];
  const rest = guard === "" ? source : source.replace(guard, "=>");
  // What is asked of somebody has to be asked of what is his.
  if (BRANCHES.test(rest) || (known !== undefined && !rest.includes(`${known}.`))) return false;
  try {
    const answer = ask(recording(), table, operators) as unknown;
    if (typeof answer === "boolean") return answer;
    if (!is(answer, SQL)) return false;
    const asked = writeSQL(answer, database);
    const said = Object.entries(row).flatMap(([name, value]) => {
      const column = columns.get(name)?.column;
      return column === undefined ? [] : [eq(column, value)];
    });
    const facts = new Set(said.map((fact) => writeSQL(fact, database)));
    return partsOf(asked).every((part) => facts.has(part));
  } catch {
    return false;
  }
}

const operators = Object.freeze(getOperators());

/** The parts of a conjunction, as Drizzle writes it; of any other condition itself. */
const partsOf = (condition: string): readonly string[] =>
  condition.startsWith("(") && condition.endsWith(")") ? condition.slice(1, -1).split(" and ") : [condition];
