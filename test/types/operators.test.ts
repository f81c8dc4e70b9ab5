import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import ts from "typescript-5.9";
import { options } from "../support/typescript.ts";
import { OPERATORS as CLIENT_OPERATORS } from "../../client/column/operator.ts";
import { OPERATORS, operatorsFor } from "../../src/operator/operator.ts";
import { type ColumnInfo, readCatalog } from "../../src/schema/schema.ts";
import { SCHEMAS } from "./kinds.ts";

// What the clients' types offer is asked of TypeScript itself, and compared with what the server's code takes.

const file = join(import.meta.dir, "kinds.ts");
const program = ts.createProgram([file], options);
const checker = program.getTypeChecker();
const filters = checker
  .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!)
  .find(({ name }) => name === "FiltersByDatabase")!;

/** The type of a member, at any depth. */
const typeAt = (...path: readonly string[]): ts.Type =>
  path.reduce(
    (type, name) => checker.getTypeOfSymbol(type.getProperty(name)!),
    checker.getDeclaredTypeOfSymbol(filters),
  );

/** Every key a filter spells out, in whichever of its forms. */
const keysOf = (filter: ts.Type): readonly string[] =>
  (filter.isUnion() ? filter.types : [filter]).flatMap((form) =>
    checker.getPropertiesOfType(form).map(({ name }) => name),
  );

const columnsOf = (database: keyof typeof SCHEMAS): readonly ColumnInfo[] => [
  ...readCatalog(SCHEMAS[database]).get("kinds")!.columns.values(),
];

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].toSorted();

test("the clients know the server's operators, and no others", () => {
  expect(Object.values<readonly string[]>(CLIENT_OPERATORS).flat().toSorted()).toEqual(
    [...OPERATORS.keys()].toSorted(),
  );
});

test("every operator has a kind of column it compares", () => {
  const columns = [...columnsOf("sqlite"), ...columnsOf("postgresql")];
  expect(sorted(columns.flatMap(operatorsFor))).toEqual(sorted(OPERATORS.keys()));
});

describe.each(["sqlite", "postgresql"] as const)("on %s", (database) => {
  const columns = columnsOf(database).map((column) => [column.name, column] as const);

  describe.each(["filter", "schema", "question", "draft"])("a filter (%s)", (place) => {
    const keys = keysOf(typeAt(database, place));

    test.each(columns)("offers of `%s` what the server takes, and nothing else", (name, column) => {
      const offered = keys.filter((key) => key.startsWith(`${name}.`));
      const taken = operatorsFor(column);
      expect(sorted(offered)).toEqual(sorted(taken.map((operator) => `${name}.${operator}`)));
      expect(keys.includes(name)).toBe(taken.includes("eq"));
    });
  });
});
