import {
  type Access,
  type AccessAggregate,
  type AccessColumn,
  type ColumnFunction,
  columnAt,
  figuresOf,
  FUNCTIONS,
  groupsOf,
  relationSpot,
  type Spot,
} from "./access.ts";
import { type At, keyParts } from "./filter.ts";
import { memberAt, outlineOf, type Piece } from "./outline.ts";

/** What a place of a question is for. */
export type Meaning =
  | { readonly kind: "node"; readonly spot: Spot; readonly named?: true }
  | { readonly kind: "columns" | "filter" | "order" | "relations" | "counts"; readonly spot: Spot }
  /** A name of the client's own, of which it is not said yet for which relation it stands. */
  | { readonly kind: "alias"; readonly spot: Spot }
  | { readonly kind: "counted"; readonly spot: Spot; readonly relation: Spot | undefined }
  | { readonly kind: "operand"; readonly column: AccessColumn; readonly operator: string }
  | { readonly kind: "direction" | "sort" }
  | { readonly kind: "word"; readonly key: string; readonly spot?: Spot }
  | { readonly kind: "numbers"; readonly spot: Spot; readonly numbers: AccessAggregate }
  | { readonly kind: "function"; readonly figure: ColumnFunction; readonly numbers: AccessAggregate }
  | { readonly kind: "groups"; readonly numbers: AccessAggregate }
  | { readonly kind: "having"; readonly figures: readonly string[] }
  | { readonly kind: "groupOrder"; readonly keys: readonly string[] };

/** What a place is for, from what the whole is for; `undefined` where nobody may ask there. */
export function meaningAt(access: Access, root: Meaning, text: string, at: At): Meaning | undefined {
  let meaning: Meaning | undefined = root;
  let piece = outlineOf(text);
  for (const step of at) {
    const value: Piece | undefined = piece && memberAt(piece, step)?.value;
    meaning = meaning && behind(access, meaning, step, relationNamed(text, value, String(step)));
    piece = value;
  }
  return meaning;
}

/** The relation that a member of `with` or `count` means: the one it says, or that of its own name. */
function relationNamed(text: string, value: Piece | undefined, name: string): string {
  const said = value && memberAt(value, "relation")?.value;
  return said === undefined ? name : text.slice(said.start, said.end).replaceAll(/['"`]/g, "");
}

/** The parts of a selector that are places of their own. */
const PARTS: Readonly<Record<string, "columns" | "filter" | "order" | "relations" | "counts">> = {
  columns: "columns",
  where: "filter",
  orderBy: "order",
  with: "relations",
  count: "counts",
};

function behind(
  access: Access,
  meaning: Meaning,
  step: string | number,
  relation: string,
): Meaning | undefined {
  const name = String(step);
  switch (meaning.kind) {
    case "node": {
      const { spot } = meaning;
      const part = Object.hasOwn(PARTS, name) ? PARTS[name] : undefined;
      return part === undefined ? { kind: "word", key: name, spot } : { kind: part, spot };
    }
    case "filter":
      return typeof step === "number" ? meaning : inFilter(access, meaning.spot, name);
    case "order":
    case "groupOrder":
      return { kind: "direction" };
    case "direction":
      return { kind: "word", key: name };
    case "relations": {
      const spot = relationSpot(access, meaning.spot, relation);
      return spot === undefined ? { kind: "alias", spot: meaning.spot } : { kind: "node", spot, named: true };
    }
    case "counts":
      return { kind: "counted", spot: meaning.spot, relation: relationSpot(access, meaning.spot, relation) };
    case "alias":
      return name === "relation" ? { kind: "word", key: name, spot: meaning.spot } : undefined;
    case "counted":
      if (name === "where") return meaning.relation && { kind: "filter", spot: meaning.relation };
      return { kind: "word", key: name, spot: meaning.spot };
    case "operand":
    case "groups":
      return meaning;
    case "numbers":
      return inNumbers(meaning, name);
    default:
      return undefined;
  }
}

function inFilter(access: Access, spot: Spot, key: string): Meaning | undefined {
  if (["AND", "OR", "NOT"].includes(key) && !Object.hasOwn(spot.columns, key))
    return { kind: "filter", spot };
  const { column, operator } = keyParts(key, spot);
  const found = columnAt(access, spot, column);
  if (found !== undefined) return { kind: "operand", column: found, operator };
  let here: Spot | undefined = spot;
  for (const part of key.split(".")) {
    const inner: Spot | undefined = here && relationSpot(access, here, part);
    if (inner === undefined) break;
    here = inner;
  }
  return here === spot || here === undefined ? undefined : { kind: "filter", spot: here };
}

function inNumbers(
  { spot, numbers }: Extract<Meaning, { kind: "numbers" }>,
  key: string,
): Meaning | undefined {
  const figure = FUNCTIONS.find((name) => name === key);
  if (figure !== undefined) return { kind: "function", figure, numbers };
  if (key === "where") return { kind: "filter", spot };
  if (key === "groupBy") return { kind: "groups", numbers };
  if (key === "having") return { kind: "having", figures: figuresOf(numbers) };
  if (key === "orderBy") return { kind: "groupOrder", keys: [...figuresOf(numbers), ...groupsOf(numbers)] };
  return { kind: "word", key };
}
