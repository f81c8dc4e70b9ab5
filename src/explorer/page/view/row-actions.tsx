import { METHOD_OF } from "../../../request/method.ts";
import type { Actions } from "../actions.ts";
import { type Access, ruleOf } from "../model/access.ts";
import { isPlain } from "../model/notation.ts";
import type { Asked, Method, Plain } from "../model/request.ts";
import { IconButton } from "./controls.tsx";

/** By which key rows are changed and removed, and whether this caller may. */
export interface Changes {
  readonly key: readonly string[];
  readonly change: boolean;
  readonly remove: boolean;
}

/** What may be done with the rows of an answer. */
export function changesOf(access: Access, { resource, scope, method: asked }: Asked): Changes {
  const find = (method: Method) => ruleOf(access, { resource, method, ...(scope && { scope }) });
  const columns = Object.entries(find(asked)?.columns ?? {});
  return {
    key: columns.filter(([, { key }]) => key === true).map(([name]) => name),
    change: find(METHOD_OF.update) !== undefined,
    remove: find(METHOD_OF.delete) !== undefined,
  };
}

/** The key of a row as one text; nothing where it is not all there. */
export const keyText = (row: Plain, key: readonly string[]): string | undefined =>
  key.length > 0 && key.every((name) => row[name] !== undefined && row[name] !== null)
    ? key.map((name) => String(row[name])).join(" ")
    : undefined;

/** Whether a number may have had more digits, as in answers of the live stream: by such a key another row is meant. */
const isRounded = (value: unknown): boolean =>
  typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;

interface RowActionsProps {
  readonly row: Plain;
  readonly changes: Changes;
  readonly actions: Actions;
}

/** What may be done with a row: where it says so itself, by `$can`, that counts. */
export function RowActions({ row, changes: { key, change, remove }, actions }: RowActionsProps) {
  const name = keyText(row, key);
  if (name === undefined || key.some((column) => isRounded(row[column]))) return null;
  const can = isPlain(row["$can"]) ? row["$can"] : undefined;
  const may = (method: Method): boolean => can === undefined || can[method] === true;
  const asked = { by: Object.fromEntries(key.map((column) => [column, row[column]])), row };
  return (
    <>
      {change && may(METHOD_OF.update) && (
        <IconButton
          icon="edit"
          label={`Change row ${name}`}
          onClick={() => actions.dialog({ kind: "change", ...asked })}
        />
      )}
      {remove && may(METHOD_OF.delete) && (
        <IconButton
          icon="waste"
          label={`Remove row ${name}`}
          onClick={() => actions.dialog({ kind: "remove", ...asked })}
        />
      )}
    </>
  );
}
