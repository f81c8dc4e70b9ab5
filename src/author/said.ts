import type { SQL } from "drizzle-orm";
import type { Database } from "../dialect/dialect.ts";
import { namesOf, takeApart } from "../drizzle/drizzle.ts";
import type { Mention, ReadNode } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import type { Admission, Admitted } from "./admitted.ts";
import type { Rows } from "./admit.ts";
import { spelled } from "./spelled.ts";

/** All that the functions of an author answered for one question of one caller. */
export interface Said {
  /** The same text for the same conditions with the same values, and for no others. */
  readonly text: string;
  /** The tables that are asked, besides those that the question mentions: of rows that others hang on. */
  readonly tables: readonly TableInfo[];
  /** The conditions and computed fields. */
  readonly queries: readonly SQL[];
}

/** Tells of questions what the functions of an author answered. */
export type Says = (admitted: Admitted, mentions: readonly Mention[], nodes: readonly ReadNode[]) => Said;

/** Tells it for a database. */
export function sayer(database: Database): Says {
  const names = namesOf(database);
  return (admitted, mentions, nodes) => {
    const parts: unknown[] = [];
    const tables: TableInfo[] = [];
    const queries: SQL[] = [];
    const query = (sql: SQL): void => {
      queries.push(sql);
      const lifted = takeApart(sql, names);
      parts.push(lifted.parts, lifted.values.map(spelled));
    };
    const rows = (asked: Rows): void => void (typeof asked === "string" ? parts.push(asked) : query(asked));
    const admission = ({ rows: own, parents, grants }: Admission): void => {
      rows(own);
      if (parents === "none") parts.push("none");
      else {
        parts.push(parents.length);
        for (const { secured, relation, admission: parent } of parents) {
          tables.push(secured.table);
          parts.push(relation.name, secured.policy.path);
          admission(parent);
        }
      }
      parts.push(grants.length);
      for (const grant of grants)
        if (typeof grant === "object" && "parents" in grant) admission(grant);
        else rows(grant);
    };
    for (const mention of mentions) admission(admitted.of(mention));
    for (const { extras } of nodes) for (const extra of extras.values()) query(extra.sql);
    return { text: JSON.stringify(parts), tables, queries };
  };
}
