import type { Outside } from "../execute/execute.ts";
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
    // In its turn: who hears may look into the database too. Or though that does not come.
    const tell = (): void => onError(error);
    const telling = outside(tell);
    if (telling instanceof Promise) telling.catch(tell);
  };
}
