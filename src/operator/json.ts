import { sql } from "drizzle-orm";
import type { Operator } from "./contract.ts";
import type { AskedOfJson } from "./json-operand.ts";
import { valueAt } from "./json-path.ts";
import { scalarColumn } from "../schema/schema.ts";

/** What reading a document of a few hundred characters costs, where reading a row costs 1. */
const READ = 16;

/**
 * Compares the value at a path of a document as a column of its type is compared; one of another type is no value to
 * compare. Of several types, a value is compared with those of its own.
 */
const json: Operator = {
  operand: "json",
  applies: ({ kind }) => kind === "json",
  weight: (asked) =>
    READ +
    sum((asked as AskedOfJson).comparisons.map(({ operator, value }) => operator.weight?.(value) ?? 0)),
  ofNothing: (asked) => {
    const [{ operator, value }] = (asked as AskedOfJson).comparisons as readonly [
      AskedOfJson["comparisons"][number],
    ];
    return operator.ofNothing?.(value);
  },
  build(stored, asked) {
    const { path, comparisons } = asked as AskedOfJson;
    const compared = comparisons.map(({ type, operator, value }) =>
      operator.build(
        {
          ...scalarColumn(stored.database, type === "any" ? "text" : type),
          column: valueAt(stored, path, type),
        },
        value,
      ),
    );
    return compared.length === 1 ? compared[0]! : sql`coalesce(${sql.join(compared, sql`, `)})`;
  },
};

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

/** What is found in documents, by the path to it. */
export const JSON_PATH: readonly (readonly [string, Operator])[] = [["json", json]];
