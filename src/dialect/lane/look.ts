import type { ResultRows } from "../contract.ts";
import type { Look } from "./message.ts";

/**
 * What changes answers without a word when it is set on one connection and not on another: how text is compared, in which
 * order rows come that nobody has ordered, what views may call, and temporary tables that hide real ones. What is merely
 * missing (a function, a collation, an attached file) fails by name instead. The first column says how whole numbers answer.
 */
export const SETTINGS = `select 1, 'a' like 'A', 'a' = 'A' collate nocase, 'a ' = 'a' collate rtrim,
(select reverse_unordered_selects from pragma_reverse_unordered_selects),
(select trusted_schema from pragma_trusted_schema),
(select json_group_array(name) from (select lower(name) as name from temp.sqlite_master where type in ('table', 'view')
and lower(name) in (select lower(name) from main.sqlite_master) order by 1))`;

/** The application's functions that stand in place of built-in ones; to list them takes longer. */
export const FUNCTIONS = `select json_group_array(name) from (select distinct name || '/' || narg as name
from pragma_function_list where builtin = 0
and name in (select name from pragma_function_list where builtin = 1) order by 1)`;

/** What a connection has answered to both, so that it can be compared. */
export const lookOf = ([settings]: ResultRows, [functions]: ResultRows): Look => ({
  settings: Array.from(settings ?? [], String).join("\n"),
  functions: String(functions?.[0]),
  bigints: typeof settings?.[0] === "bigint",
});
