export type { Database, Dialect, DialectOptions, Door } from "./contract.ts";
export { detectDialect } from "./find.ts";
export { serializeWrites, type SerializeOptions } from "./serialize-writes.ts";
