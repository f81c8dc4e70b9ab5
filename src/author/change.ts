import type { Policy } from "../policy/policy.ts";
import { admit, admitTransition, either, type Rows } from "./admit.ts";
import type { Context } from "./context.ts";

/** A column that a client sets, and the rows, as they were, on which he may. */
export interface ColumnGrant {
  readonly column: string;
  readonly rows: Rows;
}

/** What is asked of the rows that a change changes. */
export interface ChangeRows {
  /** Of the columns that its client sets, those that he may set on some rows only, in the order of his body. */
  readonly grants: readonly ColumnGrant[];
  /** Asked of each row as it was and as it is stored. */
  readonly transition: Rows;
}

/** Whether something is asked of changed rows, where a client sets these columns. */
export const asksOfChange = ({ transition, writeMasks }: Policy, sent: ReadonlySet<string>): boolean =>
  transition !== undefined ||
  (writeMasks.size > 0 && [...writeMasks.keys()].some(({ name }) => sent.has(name)));

/** Asks what changed rows must satisfy, for a client who sets these columns. */
export async function admitChange(
  policy: Policy,
  sent: ReadonlySet<string>,
  context: Context,
): Promise<ChangeRows> {
  const { transition, table, path } = policy;
  const [grants, changed] = await Promise.all([
    admitGrants(policy, sent, context),
    transition === undefined ? "all" : admitTransition(transition, table, context, `${path}.transition`),
  ]);
  return { grants, transition: changed };
}

/** Each grant that may let one of the columns be set is asked once. */
async function admitGrants(
  { writeGrants, writeMasks, table }: Policy,
  sent: ReadonlySet<string>,
  context: Context,
): Promise<readonly ColumnGrant[]> {
  const places = new Map([...writeMasks].map(([{ name }, grants]) => [name, grants]));
  const masked = [...sent].filter((name) => places.has(name));
  const needed = new Set(masked.flatMap((name) => places.get(name)!));
  const asked = await Promise.all(
    writeGrants.map(async ({ when, path }, place) =>
      needed.has(place) ? admit(when, table, context, path) : "none",
    ),
  );
  const grants = masked.map((column) => ({
    column,
    rows: places.get(column)!.reduce<Rows>((rows, place) => either(rows, asked[place]!), "none"),
  }));
  return grants.filter(({ rows }) => rows !== "all");
}
