import type { SQL } from "drizzle-orm";
import { type Label, MentioningText, sourcesOf } from "../drizzle/drizzle.ts";
import type { TableInfo } from "../schema/schema.ts";

/**
 * What is wrong with a condition whose sub-query has a table by the name of the rule's own: SQL takes the rule's columns
 * in there for the inner table's, and a column that is compared with itself admits every row. `undefined` where the
 * names stay apart.
 */
export function captured(condition: SQL, { name, table, database }: TableInfo): string | undefined {
  const text = new MentioningText(condition, database === "sqlite");
  const own = text.labelOf(table);
  const isOwn = (one: Label): boolean => one.name === own.name && one.schema === own.schema;
  // Most sub-queries name it nowhere, but by columns that stand for themselves.
  const named = text.toString().toLowerCase().includes(own.name.toLowerCase());
  if (!named && !text.mentions.some((column) => isOwn(column) && column.visible !== own.name))
    return undefined;
  const { sources, mentions } = sourcesOf(text);
  if (sources.some((source) => isOwn(source) && (source.visible === own.name || source.renamed)))
    return `a sub-query selects from the rule's own table without an alias, so that columns would be compared with themselves; select from alias(${name}, "m")`;
  const taken = mentions.some(
    (column) =>
      isOwn(column) &&
      sources.some(({ visible }) => visible === column.visible) &&
      !sources.some((source) => source.visible === column.visible && isOwn(source)),
  );
  return taken
    ? `a sub-query calls another table as the rule's own is called, so that the columns of \`${name}\` would be taken for that one's; select from an alias of it with db.select()`
    : undefined;
}
