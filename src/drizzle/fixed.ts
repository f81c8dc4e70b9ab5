import { Column, is, Param, SQL, type Table } from "drizzle-orm";
import { piecesOf, textOfPiece } from "./sql.ts";

/**
 * The columns of a table of which a condition leaves one value each, by their names in the database, where it plainly says
 * so: `eq` with a value, alone or beside others in `and`. Of any other condition nothing is known.
 */
export function fixedBy(condition: SQL, table: Table): readonly string[] {
  const pieces = piecesOf(condition).filter((piece) => textOfPiece(piece) !== "");
  const [first, sign, value] = pieces;
  if (is(first, Column))
    return pieces.length === 3 && textOfPiece(sign) === " = " && isValue(value) && first.table === table
      ? [first.name]
      : [];
  if (textOfPiece(first) === "(" && textOfPiece(value) === ")" && pieces.length === 3)
    return is(sign, SQL) ? fixedBy(sign, table) : [];
  const parts = pieces.filter((_, index) => index % 2 === 0);
  const words = pieces.filter((_, index) => index % 2 === 1);
  if (!words.every((word) => textOfPiece(word) === " and ")) return [];
  return parts.flatMap((part) => (is(part, SQL) ? fixedBy(part, table) : []));
}

const isValue = (piece: unknown): boolean =>
  typeof piece === "object" && piece !== null ? is(piece, Param) || piece instanceof Date : true;
