import { sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";

/** A change, and what every change sets beside: the count of a row's changes, where its table has one. */
export function counted(row: Row, { policy: { facts } }: WritePlan): Row {
  const version = facts?.version;
  // Where it was never counted it begins here.
  return version === undefined ? row : { ...row, [version.name]: sql`coalesce(${version.column}, 0) + 1` };
}
