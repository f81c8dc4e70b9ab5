import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { AnyAccess, AnyGrants, AuthorFunction } from "./any.ts";
import { chooseColumns } from "./column-choice.ts";
import { isMap } from "./keys.ts";
import { type Mistakes, readFunction } from "./mistakes.ts";

/** A condition under which columns are let out, and where it stands in the access-control file. */
export interface Grant {
  readonly path: string;
  readonly when: AuthorFunction;
}

/** Columns, and on which rows. */
export interface ColumnAccess {
  /** All that are let out on some rows at least. */
  readonly columns: ReadonlyMap<string, ColumnInfo>;
  /** The conditions, in the order of the file. */
  readonly grants: readonly Grant[];
  /** Of the columns that are not let out on every row, the grants of which one must hold, by their places. */
  readonly masks: ReadonlyMap<ColumnInfo, readonly number[]>;
  /** The columns that stand under a condition, be they let out on every row or not. */
  readonly conditional: readonly ColumnInfo[];
}

const NO_GRANTS: Omit<ColumnAccess, "columns"> = { grants: [], masks: new Map(), conditional: [] };

/** Columns on every row. */
export const onEveryRow = (columns: ColumnAccess["columns"]): ColumnAccess => ({ columns, ...NO_GRANTS });

/** Reads which columns are let out: a choice for all rows, or a list of grants. */
export function readAccess(
  access: AnyAccess,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): ColumnAccess {
  if (!Array.isArray(access)) {
    const columns = chooseColumns(access as Exclude<AnyAccess, AnyGrants>, table, (sentence) =>
      mistakes.add(path, sentence),
    );
    return onEveryRow(columns);
  }
  if (access.length === 0) mistakes.add(path, "an empty list lets nothing out: write false");
  return readGrants(access, table, path, mistakes);
}

function readGrants(
  list: readonly unknown[],
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): ColumnAccess {
  const grants: Grant[] = [];
  const always = new Set<ColumnInfo>();
  const sometimes = new Map<ColumnInfo, number[]>();
  for (const [index, grant] of list.entries()) {
    const here = `${path}.${index}`;
    const named = readGrant(grant, table, here, mistakes);
    const when = isMap(grant) ? readFunction(grant["when"], `${here}.when`, mistakes) : undefined;
    if (when === undefined) named.forEach((column) => always.add(column));
    else named.forEach((column) => sometimes.set(column, [...(sometimes.get(column) ?? []), grants.length]));
    if (when !== undefined) grants.push({ path: `${here}.when`, when });
  }
  const masks = new Map([...sometimes].filter(([column]) => !always.has(column)));
  const columns = [...table.columns].filter(([, column]) => always.has(column) || masks.has(column));
  return { columns: new Map(columns), grants, masks, conditional: [...sometimes.keys()] };
}

/** The columns of one grant. */
function readGrant(
  grant: unknown,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): readonly ColumnInfo[] {
  if (!isMap(grant) || !("columns" in grant)) {
    mistakes.add(path, "expected { columns: new Set([…]), when: (context, table, operators) => … }");
    return [];
  }
  const unknown = Object.keys(grant).filter((key) => !["columns", "when"].includes(key));
  for (const key of unknown) mistakes.add(path, `unknown key \`${key}\` (a grant takes columns and when)`);
  const choice = { columns: grant["columns"] } as never;
  const columns = chooseColumns(choice, table, (sentence) => mistakes.add(path, sentence));
  return [...columns.values()];
}
