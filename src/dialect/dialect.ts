export type {
  Bound,
  Database,
  Dialect,
  DialectOptions,
  Door,
  Lane,
  LaneAnswer,
  LaneOptions,
  Leaving,
  OpenDialect,
  ResultRows,
} from "./contract.ts";
export { openDialect } from "./find.ts";
export { type LibsqlClient, serializeWrites, type SerializeOptions } from "./serialize-writes.ts";
