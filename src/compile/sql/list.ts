import { type SQL, sql } from "drizzle-orm";

/** Parts of SQL with commas between them. */
export const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);
