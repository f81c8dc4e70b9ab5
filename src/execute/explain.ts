import type { Statement } from "../compile/compile.ts";
import type { Database, Dialect, ResultRows } from "../dialect/dialect.ts";
import { queryOf } from "./query.ts";

/** A statement that is explained: what would be sent, and how the database would answer it. It is not run. */
export interface ExplainedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly plan: readonly PlanLine[];
}

/** A line of the database's own plan. */
export interface PlanLine {
  readonly text: string;
  /** Whether it reads the whole of a table. */
  readonly scan: boolean;
}

/** What can be explained. */
export type Explainable = Exclude<Statement, { readonly kind: "run" }>;

/** Asks the database how it would answer a statement: it plans it, and nothing runs. */
export async function explainStatement(
  dialect: Dialect,
  statement: Explainable,
): Promise<ExplainedStatement> {
  const { asking, line, scans } = WAYS[dialect.speaks];
  let sent: Pick<ExplainedStatement, "text" | "values"> | undefined;
  let rows: ResultRows | undefined;
  const planning = dialect.transaction("read", async (transaction: Database) => {
    sent =
      statement.kind === "text" || statement.kind === "returning"
        ? statement
        : written(transaction, statement);
    if (dialect.plan === undefined) rows = await dialect.query(transaction, asking(sent.text), sent.values);
    throw new NothingToCommit();
  });
  await planning.catch((error: unknown) => {
    if (!(error instanceof NothingToCommit)) throw error;
  });
  const { text, values } = sent!;
  rows ??= (await dialect.plan?.(asking(text), values)) ?? [];
  const lines = Array.from(rows, (row) => String(row[line]));
  return { text, values, plan: lines.map((one) => ({ text: one, scan: scans(one) })) };
}

/**
 * Ends the transaction of a plan. To SQLite the plan of a write is a write that goes on until its statement is forgotten,
 * and no transaction is committed before; but each is rolled back.
 */
class NothingToCommit extends Error {}

/** How many were explained. */
let explained = 0;

interface Way {
  readonly asking: (text: string) => string;
  /** Where the lines stand in rows. */
  readonly line: number;
  /** Whether a line, names of the reader's own aside, tells of a table which is read from one end to the other. */
  readonly scans: (line: string) => boolean;
}

/** How a plan is asked for, and what it says. */
const WAYS: Readonly<Record<Dialect["speaks"], Way>> = {
  sqlite: {
    // bun:sqlite leaves the plan of a write open until its statement ends, and nothing is committed before: so each is
    // another text, and no statement of it is kept.
    asking: (text) => `explain query plan ${text} /* ${++explained} */`,
    line: 3,
    scans: (line) => /^SCAN (?!CONSTANT|\(|~)/.test(line) && !/ (?:USING|VIRTUAL) /.test(line),
  },
  postgresql: {
    asking: (text) => `explain ${text}`,
    line: 0,
    scans: (line) => line.includes("Seq Scan on "),
  },
};

/** What Drizzle would send. */
function written(
  database: Database,
  statement: Exclude<Explainable, { readonly kind: "text" | "returning" }>,
): { readonly text: string; readonly values: readonly unknown[] } {
  // Each of Drizzle's queries has it; their common type does not say so.
  const query = queryOf(database, statement) as unknown as {
    toSQL(): { readonly sql: string; readonly params: readonly unknown[] };
  };
  const { sql, params } = query.toSQL();
  return { text: sql, values: params };
}
