import { Column, is, Param, type Placeholder, SQL, StringChunk, type Table } from "drizzle-orm";

/** Text that names no column: operators, numbers, texts, casts, calls of functions, and the words between conditions. */
const NAMELESS =
  /^(?:[\s()<>=!,|+\-*/%\d.]|'[^']*'|::[a-z_]\w*(?:\[\])*|\b(?!select\b|exists\b|from\b|values\b)[a-z_]\w*\s*(?=\()|\b(?:and|or|not|is|null|in|between|true|false|case|when|then|else|end)\b)*$/i;

type Chunk = SQL["queryChunks"][number] | Placeholder | Column;

/** Whether SQL names columns of one table and nothing else. */
export function speaksOnlyOf(query: SQL, { table }: { readonly table: Table }): boolean {
  return speaksOf(query, table);
}

function speaksOf(query: SQL, table: Table): boolean {
  return query.queryChunks.every((chunk: Chunk | undefined) => {
    if (chunk === undefined || chunk === null) return true;
    if (is(chunk, Column)) return chunk.table === table;
    if (is(chunk, SQL)) return speaksOf(chunk, table);
    if (is(chunk, StringChunk)) return NAMELESS.test(chunk.value.join(""));
    if (is(chunk, Param)) return true;
    if (Array.isArray(chunk))
      return (chunk as unknown[]).every(
        (item) => typeof item !== "object" || item === null || is(item, Param),
      );
    return typeof chunk !== "object" || chunk instanceof Date || chunk instanceof Uint8Array;
  });
}

/** Whether some piece of SQL's own text is as wanted; what is nested in queries, lists and names is not looked at. */
export const someText = (query: SQL, wanted: (text: string) => boolean): boolean =>
  query.queryChunks.some((chunk) =>
    is(chunk, StringChunk) ? wanted(chunk.value.join("")) : is(chunk, SQL) && someText(chunk, wanted),
  );
