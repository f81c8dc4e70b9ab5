import type { ColumnFunction } from "../request/aggregate.ts";
import type { Bucket } from "../request/bucket.ts";
import type { ColumnInfo, Zone } from "../schema/schema.ts";
import { postgresqlBucket } from "./bucket-postgresql.ts";
import { sqliteBucket } from "./bucket-sqlite.ts";
import { postgresqlFigure } from "./figure-postgresql.ts";
import { sqliteFigure } from "./figure-sqlite.ts";

/**
 * SQL of what a function makes of the values of a column, over the rows of a group; `value` is a name, which stands in it
 * several times. Nothing that is stored makes it fail, and what has no sum among the doubles has none here: it is null.
 */
export function figureSQL(name: ColumnFunction, column: ColumnInfo, value: string): string {
  if (name === "count") return `count(${value})`;
  if (name === "countDistinct") return `count(distinct ${value})`;
  return (column.database === "sqlite" ? sqliteFigure : postgresqlFigure)(name, column, value);
}

/**
 * SQL of the first moment of the bucket that a moment falls in, by the clocks of a zone; `value` is a name, which stands in
 * it several times. An hour begins where clocks showed it last, so that one that is repeated is two. What no bucket can be
 * said of, as infinity, is null.
 */
export const bucketSQL = (bucket: Bucket, column: ColumnInfo, zone: Zone, value: string): string =>
  (column.database === "sqlite" ? sqliteBucket : postgresqlBucket)(bucket, column, zone, value);
