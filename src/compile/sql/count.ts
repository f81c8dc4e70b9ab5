import { sql } from "drizzle-orm";
import type { Admitted } from "../../author/author.ts";
import type { Mention, ReadNode } from "../../plan/plan.ts";
import type { Select } from "../statement.ts";
import { admittedRows, filteredRows } from "./secured.ts";

/** How many rows there are. */
export const countOf = (from: Select["from"]): Select => ({
  kind: "select",
  fields: { count: sql<number>`count(*)` },
  from,
});

/** How many rows the rule admits where a table is mentioned. */
export const selectCount = (mention: Mention, admitted: Admitted): Select =>
  countOf(admittedRows(mention, admitted));

/** How many of them the client's filter leaves. */
export const selectFiltered = (node: ReadNode, admitted: Admitted): Select =>
  countOf(filteredRows(node, admitted));
