import { Column, is, noopDecoder, SQL } from "drizzle-orm";
import { saidOf } from "./sql.ts";

/** Makes what an author wants of a value that a driver answered: a column, or what `mapWith` was given. */
export interface Decoder {
  mapFromDriverValue(value: unknown): unknown;
}

/** What decodes the values of a computed field. */
export const decoderOf = ({ sql }: SQL.Aliased): Decoder => saidOf(sql).decoder;

/** Whether its author gave a computed field a mapping. */
export const isMapped = (extra: SQL.Aliased): boolean => decoderOf(extra) !== noopDecoder;

/** What decodes a field of a statement. */
export function decoderOfField(field: unknown): Decoder {
  if (is(field, Column)) return field;
  return saidOf(is(field, SQL.Aliased) ? field.sql : (field as SQL)).decoder;
}
