import type { ColumnInfo } from "./column.ts";

/** What the type of a column says of the texts it takes. */
export interface TextFacts {
  /** The only ones it takes. */
  readonly values?: readonly string[];
  /** The most characters that one has. */
  readonly maxLength?: number;
}

/** Reads which texts a column takes; of columns of other kinds nothing is said. */
export function textFacts({ kind, column, type }: ColumnInfo): TextFacts {
  if (kind !== "text") return {};
  // Drizzle has these members on columns of some types.
  const { enumValues, length } = column as { enumValues?: readonly string[]; length?: number };
  const written = /^(?:var)?char(?:acter varying)? ?\((\d{1,9})\)/.exec(type)?.[1];
  const maxLength = length ?? (written === undefined ? undefined : Number(written));
  return {
    ...(enumValues !== undefined && enumValues.length > 0 && { values: enumValues }),
    ...(maxLength !== undefined && { maxLength }),
  };
}
