import { type Column, is } from "drizzle-orm";
import { PgArray, type PgEnum } from "drizzle-orm/pg-core";
import { qualified } from "../drizzle/drizzle.ts";
import { databaseOf, isEnum } from "./kind.ts";
import { fitOf } from "./fit.ts";
import { readType } from "./type.ts";

/**
 * What stands behind a value bound for a column. JSON travels to PostgreSQL as text: a driver that hears the parameter is
 * JSON may write the text as a JSON string once more. In an array no driver does, and the cast would be made for every row.
 */
export function castOf(column: Column): string {
  if (databaseOf(column) === "sqlite" || isEnum(column)) return "";
  const { name } = readType(column.getSQLType());
  return name === "json" || name === "jsonb" ? `::text::${name}` : "";
}

/** A column's type as a cast names it. */
export function typeName(column: Column): string {
  if (is(column, PgArray)) return `${typeName(column.baseColumn)}[]`;
  if (isEnum(column)) {
    const { enumName, schema } = (column as unknown as { enum: PgEnum<[string]> }).enum;
    return qualified({ name: enumName, schema });
  }
  const type = column.getSQLType();
  return /serial/i.test(type) ? readType(type).name : type;
}

/** The types whose text every driver sends as it is, so that it is taken for the type it is compared with. */
const SENT_AS_TEXT: ReadonlySet<string> = new Set(["text", "varchar", "char", "citext", "uuid"]);

/**
 * What stands behind the text of a stored value to make the value of it. Nothing cuts it to a length or to digits: what is
 * stored has passed that; and any whole number fits.
 */
export function restoreOf(column: Column): string {
  if (databaseOf(column) === "sqlite" || isEnum(column)) return "";
  if (is(column, PgArray)) return `::text::${typeName(column)}`;
  const type = column.getSQLType();
  const { name } = readType(type);
  if (SENT_AS_TEXT.has(name)) return "";
  return `::text::${/^int\d$/.test(name) ? "int8" : name === "bit" ? type : name}`;
}

/**
 * What stands behind a text, or the text of a number, that is to be stored in a column, so that it is taken as a value bound
 * for it would be: nothing cuts it to a length. `undefined` for a type of which that is not known.
 */
export function storedAs(column: Column): string | undefined {
  let known = STORED_AS.get(column);
  if (known === undefined) STORED_AS.set(column, (known = { suffix: readStoredAs(column) }));
  return known.suffix;
}

/** Asked for every statement, and always the same. */
const STORED_AS = new WeakMap<Column, { readonly suffix: string | undefined }>();

function readStoredAs(column: Column): string | undefined {
  if (databaseOf(column) === "sqlite") return "";
  if (isEnum(column) || is(column, PgArray)) return undefined;
  const type = readType(column.getSQLType());
  if (fitOf(type) === undefined) return undefined;
  return type.name === "uuid" ? "::uuid" : restoreOf(column).replace("::text", "");
}
