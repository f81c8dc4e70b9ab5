import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript-5.9";

const root = join(import.meta.dir, "../..");
const transpiler = new Bun.Transpiler({ loader: "ts" });
/** Elements are Preact's, which their files load by themselves. */
const elements = new Bun.Transpiler({
  loader: "tsx",
  tsconfig: { compilerOptions: { jsx: "react-jsx", jsxImportSource: "preact" } },
});

/** The files of folders of the project that hold code, by their paths from its root. */
export const filesOf = (...folders: readonly string[]): readonly string[] =>
  folders
    .flatMap((folder) => [...new Bun.Glob(`${folder}/**/*.{ts,tsx}`).scanSync(root)])
    .filter((file) => !file.endsWith(".d.ts"))
    .toSorted();

/** The text of a file. */
export const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

/** The modules a file loads at run time, later or at once; Bun leaves type-only imports out. */
export const loadsOf = (file: string, when: "ever" | "at once" = "ever"): readonly string[] =>
  transpiler
    .scanImports(
      file.endsWith(".tsx") ? elements.transformSync(textOf(file)) : textOf(file).replace(/^#!.*/, ""),
    )
    .filter(({ kind }) => when === "ever" || kind !== "dynamic-import")
    .map(({ path }) => path);

/** The file a relative import of another names. */
export const targetOf = (file: string, load: string): string => normalize(join(dirname(file), load));

/** What each file loads of the others. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** What each of some files loads of its own kind. */
export const graphOf = (files: readonly string[]): Graph =>
  new Map(
    files.map((file) => {
      const own = loadsOf(file).filter((load) => load.startsWith("."));
      return [file, own.map((load) => targetOf(file, load))];
    }),
  );

/** A circle of files that load each other, its first file named again at its end; `undefined` where there is none. */
export function circleIn(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    done.add(file);
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = walk(file);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** A function, by the name it goes by, with the lines it takes. */
export interface Measured {
  readonly name: string;
  readonly lines: number;
  /** Whether a comment right above it says why it is `long:`. */
  readonly excused: boolean;
}

/** Every function of a file, methods and functions inside of others included. */
export function functionsIn(text: string, name = "file.ts"): readonly Measured[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: Measured[] = [];
  const lineAt = (place: number): number => source.getLineAndCharacterOfPosition(place).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) {
      const holder = holderOf(node);
      const lines = lineAt(node.getEnd()) - lineAt(node.getStart(source)) + 1;
      found.push({ name: nameOf(node, holder), lines, excused: isExcused(holder, text) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a function is written in: the declaration of its name, or else itself. */
function holderOf(node: ts.Node): ts.Node {
  const { parent } = node;
  if (ts.isVariableDeclaration(parent)) return parent.parent.parent;
  return ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent : node;
}

function nameOf(node: ts.Node, holder: ts.Node): string {
  const named = ts.isVariableStatement(holder) ? node.parent : holder;
  const { name } = named as { name?: ts.Node };
  if (name !== undefined) return name.getText();
  return ts.isConstructorDeclaration(node) ? "constructor" : "(no name)";
}

/** Whether the last comment before a piece of code says that it is `long:`, and why. */
function isExcused(node: ts.Node, text: string): boolean {
  const last = ts.getLeadingCommentRanges(text, node.getFullStart())?.at(-1);
  return last !== undefined && /\blong: \w/.test(text.slice(last.pos, last.end));
}

/** What a file gives to others, and takes of them. */
export interface Names {
  /** What it exports, but for types that it declares itself, which may stand in what else it exports. */
  readonly given: readonly string[];
  /** Names with the module that each is taken from; `*` where all may be. */
  readonly taken: readonly (readonly [module: string, name: string])[];
}

const DECLARED = /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class) (\w+)/gm;
const LISTED = /^(import|export) (?:type )?(?:\w+, )?\{([^}]*)\}(?: from "([^"\n]+)")?/gm;
const WHOLE = /^(?:import|export) [^"{;]*\* ?[^"{;]*from "([^"\n]+)"|\bimport\(\s*"([^"\n]+)"/gm;

/** The names by which a file, as it is formatted here, is tied to others. */
export function namesIn(text: string): Names {
  const given = [...text.matchAll(DECLARED)].map(([, name]) => name!);
  const taken: [string, string][] = [];
  for (const [, word, list, module] of text.matchAll(LISTED))
    for (const member of list!.split(",").map((one) => one.trim().replace(/^type /, ""))) {
      if (member === "") continue;
      const [name, own = name] = member.split(" as ");
      if (word === "export") given.push(own!);
      if (module !== undefined) taken.push([module, name!]);
    }
  for (const [, module, later] of text.matchAll(WHOLE)) taken.push([(module ?? later)!, "*"]);
  return { given, taken };
}
