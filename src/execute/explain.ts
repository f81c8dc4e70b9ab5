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

/** What can be explained. */
export type Explainable = Exclude<Statement, { readonly kind: "run" }>;

/** Asks the database how it would answer a statement: it plans it, and nothing runs. */
export async function explainStatement(
  dialect: Dialect,
  statement: Explainable,
): Promise<ExplainedStatement> {
  let explanation: ExplainedStatement | undefined;
  const planning = dialect.transaction("read", async (transaction: Database) => {
    const { text, values } =
      statement.kind === "text" || statement.kind === "returning"
        ? statement
        : written(transaction, statement);
    const { asking, line } = WAYS[dialect.speaks];
    const rows = await dialect.query(transaction, asking(text), values);
    const lines = rows.map((row) => String(row[line]));
    const plan = lines.map((line) => ({ text: line, scan: SCANS[dialect.speaks](line) }));
    explanation = { text, values, plan };
    throw new NothingToCommit();
  });
  await planning.catch((error: unknown) => {
    if (!(error instanceof NothingToCommit)) throw error;
  });
  if (dialect.speaks === "sqlite" && statement.kind !== "text") await forgotten();
  return explanation!;
}

const { Bun: runtime } = globalThis as { readonly Bun?: { gc(force: boolean): void } };

/**
 * libSQL ends a statement when it is collected as garbage, and where there is one connection no write is committed before:
 * so it is collected now, where the runtime does so when it is asked.
 */
async function forgotten(): Promise<void> {
  runtime?.gc(true);
  await new Promise((done) => setTimeout(done, 0));
}

/**
 * Ends the transaction of a plan. To SQLite the plan of a write is a write that goes on until its statement is forgotten,
 * and no transaction is committed before; but each is rolled back.
 */
class NothingToCommit extends Error {}

/** How many were explained. */
let explained = 0;

/** How a plan is asked for, and where its lines stand in rows. */
const WAYS: Readonly<
  Record<Dialect["speaks"], { readonly asking: (text: string) => string; readonly line: number }>
> = {
  // bun:sqlite leaves the plan of a write open until its statement ends, and nothing is committed before: so each is
  // another text, and no statement of it is kept.
  sqlite: { asking: (text) => `explain query plan ${text} /* ${++explained} */`, line: 3 },
  postgresql: { asking: (text) => `explain ${text}`, line: 0 },
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

/** What lines look like, names of the reader's own aside, that tell of a table which is read from one end to the other. */
const SCANS: Readonly<Record<Dialect["speaks"], (line: string) => boolean>> = {
  sqlite: (line) => /^SCAN (?!CONSTANT|\(|~)/.test(line) && !/ (?:USING|VIRTUAL) /.test(line),
  postgresql: (line) => line.includes("Seq Scan on "),
};
