import type { SQL } from "drizzle-orm";
import {
  AFTER,
  BEFORE,
  type Label,
  type Mention,
  MentioningText,
  type Source,
  sourcesOf,
} from "../drizzle/drizzle.ts";
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
  return takes(sources, mentions, isOwn)
    ? `a sub-query calls another table as the rule's own is called, so that the columns of \`${name}\` would be taken for that one's; select from an alias of it with db.select()`
    : undefined;
}

/** Whether a column of the rule's table goes by the name of another that a sub-query selects from. */
const takes = (
  sources: readonly Source[],
  mentions: readonly Mention[],
  isOwn: (one: Label) => boolean,
): boolean =>
  mentions.some(
    (column) =>
      isOwn(column) &&
      sources.some(({ visible }) => visible === column.visible) &&
      !sources.some((source) => source.visible === column.visible && isOwn(source)),
  );

const CHANGED: ReadonlySet<string | undefined> = new Set([BEFORE, AFTER]);

/**
 * The same for what is asked of a change, whose rows go by names of their own: a sub-query takes them for others where
 * something in it goes by such a name, or where Drizzle gives all columns in it the name of what is selected from.
 * Columns of the table itself are those of the sub-query's rows, and outside of one there are none.
 */
export function capturedInChange(
  condition: SQL,
  { name, table, database }: TableInfo,
  nests: boolean,
): string | undefined {
  const text = new MentioningText(condition, database === "sqlite");
  const own = text.labelOf(table);
  const isOwn = (one: Label): boolean => one.name === own.name && one.schema === own.schema;
  const { sources, mentions } = nests ? sourcesOf(text) : { sources: [], mentions: [] };
  const renames = sources.some((source) => CHANGED.has(source.visible) || (source.renamed && isOwn(source)));
  if (renames || takes(sources, mentions, isOwn))
    return `a sub-query gives the columns of \`before\` and \`after\` another name, so that they would be taken for its own rows'; select from ${name}, or an alias of it, with db.select()`;
  const inner = new Set(mentions);
  return text.mentions.some((column) => !CHANGED.has(column.visible) && !inner.has(column))
    ? "it speaks of a column of neither `before` nor `after`, and outside of a sub-query there is no other row"
    : undefined;
}
