// What an answer says, whoever gives it: what rivals may say in their own ways is told by its type only.
import type { Call } from "./workload.ts";

/** Cursors are sealed by us, and keys by hand. */
const CURSORS: ReadonlySet<string> = new Set(["next", "previous"]);

/** Whether a value of a new row is made by a server, each of which has made others before; or by its client. */
const isMade = (key: string, { method, body = "" }: Call): boolean =>
  method === "POST" && (key === "createdAt" || (key === "id" && !/"id":\d/.test(body)));

/** Reads the answer to a call, to be compared with others. */
export const readAnswer = (text: string, call: Call): unknown =>
  JSON.parse(text, (key, value: unknown) =>
    // By hand nobody counts which rows are new.
    key === "inserted" ? undefined : isMade(key, call) || CURSORS.has(key) ? typeof value : value,
  );
