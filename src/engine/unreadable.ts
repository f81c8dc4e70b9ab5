import type { Outside } from "../execute/execute.ts";
import { tellInTurn } from "../observe.ts";
import { nameOf, type Unreadable } from "../syntax/syntax.ts";

/** Tells of a column that holds what it cannot read, once: every read of the row would tell again. */
export function unreadable(outside: Outside, onError: (error: Error) => void): Unreadable {
  const told = new Set<string>();
  return (column, cause) => {
    const name = nameOf(column);
    if (told.has(name)) return;
    told.add(name);
    const error = new Error(`${name} holds a value that its column cannot read: it is answered as null`, {
      cause,
    });
    tellInTurn(outside, () => onError(error));
  };
}
