import { invalidValue } from "../error.ts";
import { knownVersion, type Policy } from "../policy/policy.ts";
import type { Match } from "../request/request.ts";
import { coerce, type ColumnInfo } from "../schema/schema.ts";
import type { Budget } from "./budget.ts";

/** The versions that rows must have for a write to be made: any, as long as there are rows, or one of these. */
export interface Versions {
  readonly column: ColumnInfo;
  readonly known: "any" | readonly number[];
}

const PATH = "If-Match";

/**
 * Reads which versions a write is made for.
 *
 * @throws QueryError `invalid-value` where rows have no version to be known, and for what is none.
 */
export function readVersions(match: Match | undefined, policy: Policy, budget: Budget): Versions | undefined {
  if (match === undefined) return undefined;
  const column = knownVersion(policy);
  if (column === undefined)
    throw invalidValue(`this write does not look at \`${PATH}\``, PATH, "ask for the old value in `where`");
  if (match === "any") return { column, known: "any" };
  budget.checkList(match.length, PATH);
  if (match.length === 0) throw unversioned(column);
  return { column, known: [...new Set(match.map((version) => fit(version, column)))] };
}

function fit(version: number | undefined, column: ColumnInfo): number {
  if (version === undefined) throw unversioned(column);
  try {
    return coerce(column, version, PATH, true) as number;
  } catch {
    throw unversioned(column);
  }
}

const unversioned = ({ name }: ColumnInfo): Error =>
  invalidValue(
    `\`${PATH}\` takes versions of rows, or *`,
    PATH,
    `write the row's \`${name}\` in quotes, as in If-Match: "7"`,
  );
