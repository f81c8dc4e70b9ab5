import type { ResultRows } from "../contract.ts";

/** Asks whether JSON made in a sub-select is still known as JSON outside of it. */
export const JSON_PROBE = "select json_object('a',(select json_group_array(1)))";

/** What the answer to that says. */
export const jsonPassesSelects = ([row]: ResultRows): boolean => row?.[0] === '{"a":[1]}';
