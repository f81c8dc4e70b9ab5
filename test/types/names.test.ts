import { expect, test } from "bun:test";
import { join } from "node:path";
import ts from "typescript-5.9";
import { options, root } from "../support/typescript.ts";

const ENTRIES = [
  "src/index.ts",
  "src/live/live.ts",
  "src/openapi.ts",
  "src/otel.ts",
  "client/index.ts",
  "client/live.ts",
  "client/react.ts",
  "client/tanstack.ts",
].map((entry) => join(root, entry));
const program = ts.createProgram(ENTRIES, options);
const checker = program.getTypeChecker();

/** What a name stands for, wherever it was imported from. */
const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const exported = new Set(
  ENTRIES.flatMap((entry) =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)!)!).map(original),
  ),
);

/** The package's own types that a declaration names, but for those in the bodies of functions. */
function named(node: ts.Node): readonly ts.Symbol[] {
  if (ts.isBlock(node)) return [];
  const inside: ts.Symbol[] = [];
  ts.forEachChild(node, (child) => void inside.push(...named(child)));
  const name = ts.isTypeReferenceNode(node)
    ? node.typeName
    : ts.isExpressionWithTypeArguments(node)
      ? node.expression
      : undefined;
  const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
  return symbol === undefined ? inside : [original(symbol), ...inside];
}

const isOwn = (symbol: ts.Symbol): boolean =>
  !(symbol.flags & ts.SymbolFlags.TypeParameter) &&
  symbol.declarations?.every(({ parent }) => {
    const path = parent.getSourceFile().fileName;
    return path.startsWith(join(root, "client/")) || path.startsWith(join(root, "src/"));
  }) === true;

// An alias that has no public name is written out where it is met; an interface or a class cannot be.
test("whatever a public type or function mentions can be imported by its name", () => {
  const nameless = [...exported].flatMap((symbol) =>
    (symbol.declarations ?? []).flatMap((declaration) =>
      named(declaration)
        .filter((other) => isOwn(other) && !exported.has(other))
        .filter(
          (other) => !ts.isTypeAliasDeclaration(declaration) || !(other.flags & ts.SymbolFlags.TypeAlias),
        )
        .map((other) => `${symbol.name}: ${other.name}`),
    ),
  );
  expect(exported.size).toBeGreaterThan(60);
  expect(nameless).toEqual([]);
});
