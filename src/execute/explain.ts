import type { Statement } from "../compile/compile.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
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

/** What can be explained: it reads, or says what would be read. */
export type Explainable = Extract<Statement, { readonly kind: "text" | "select" | "relational" }>;

/** Asks the database how it would answer a statement: it plans it, and nothing runs. */
export async function explainStatement(
  dialect: Dialect,
  statement: Explainable,
): Promise<ExplainedStatement> {
  return dialect.transaction("read", async (transaction: Database) => {
    const { text, values } = statement.kind === "text" ? statement : written(transaction, statement);
    const asked = dialect.speaks === "sqlite" ? "explain query plan" : "explain";
    const rows = await dialect.query(transaction, `${asked} ${text}`, values);
    const lines = rows.map((row) => String(row[dialect.speaks === "sqlite" ? 3 : 0]));
    return { text, values, plan: lines.map((line) => ({ text: line, scan: SCANS[dialect.speaks](line) })) };
  });
}

/** What Drizzle would send. */
function written(
  database: Database,
  statement: Exclude<Explainable, { readonly kind: "text" }>,
): { readonly text: string; readonly values: readonly unknown[] } {
  // Each of Drizzle's queries has it; their common type does not say so.
  const query = queryOf(database, statement) as unknown as {
    toSQL(): { readonly sql: string; readonly params: readonly unknown[] };
  };
  const { sql, params } = query.toSQL();
  return { text: sql, values: params };
}

/** What lines look like, names of the reader's own aside, that tell of a table which is read from one end to the other. */
const SCANS: Readonly<Record<Dialect["speaks"], (line: string) => boolean>> = {
  sqlite: (line) => /^SCAN (?!CONSTANT|\(|~)/.test(line) && !/ (?:USING|VIRTUAL) /.test(line),
  postgresql: (line) => line.includes("Seq Scan on "),
};
