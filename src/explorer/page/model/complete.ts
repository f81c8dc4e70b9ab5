import {
  type Access,
  type AccessColumn,
  COUNT_OPERATORS,
  columnAt,
  columnsFor,
  FUNCTIONS,
  groupsOf,
  operandOf,
  operatorsOf,
  QUANTIFIERS,
  relationsOf,
  ruleOf,
  type Spot,
  spotAt,
} from "./access.ts";
import { type Meaning, meaningAt } from "./meaning.ts";
import { caretIn, type Piece } from "./outline.ts";
import { stringifyKey, stringifyText } from "../../../rjson/rjson.ts";
import type { Asked } from "./request.ts";

/** What may stand where the caret is. */
export interface Suggestions {
  /** The part of the text that one of them takes the place of. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Suggestion[];
}

export interface Suggestion {
  readonly label: string;
  /** What is written; the label where it is absent. */
  readonly insert?: string;
  /** Where the caret is then, in what is written; behind it where it is absent. */
  readonly caret?: number;
  /** What it is, in a word or two. */
  readonly told?: string;
}

/** The most that are offered at once. */
const MOST = 100;

/**
 * What may stand where the caret is in the RJSON of a question: what the caller's rules let him ask, and nothing else.
 * `undefined` where there is nothing to offer.
 */
export function suggest(
  text: string,
  caret: number,
  access: Access | undefined,
  question: Asked,
): Suggestions | undefined {
  const root: Meaning | undefined = access && rootOf(access, question);
  if (access === undefined || root === undefined) return undefined;
  const { at, position, range, typed, inside, colon } = caretIn(text, caret);
  const meaning = meaningAt(access, root, text, at);
  if (meaning === undefined) return undefined;
  const word = typed.replace(/^['"`]/, "");
  const offered =
    position === "value" ? valuesOf(access, meaning) : keysOf(access, meaning, word, position === "name");
  const taken = position === "value" ? new Set<string>() : namesIn(inside, word);
  const items = offered
    .filter(({ label }) => fits(label, word) && !taken.has(label))
    .slice(0, MOST)
    .map((item) => (colon ? keyAlone(item) : item));
  if (items.length === 0 || (items.length === 1 && items[0]!.label === word)) return undefined;
  return { ...range, items };
}

/** Where something stands behind a key already, the key alone is written. */
const keyAlone = ({ label, told }: Suggestion): Suggestion => ({
  label,
  insert: stringifyKey(label),
  ...(told !== undefined && { told }),
});

function rootOf(access: Access, question: Asked): Meaning | undefined {
  const spot = spotAt(access, question);
  if (spot === undefined) return undefined;
  if (question.aggregate === undefined) return { kind: "node", spot };
  const numbers = ruleOf(access, question)?.aggregate;
  return numbers && { kind: "numbers", spot, numbers };
}

/** What is there already; not what is being typed. */
const namesIn = (piece: Piece | undefined, typed: string): ReadonlySet<string> =>
  new Set((piece?.members ?? []).map(({ step }) => String(step)).filter((name) => name !== typed));

const fits = (label: string, typed: string): boolean => label.toLowerCase().startsWith(typed.toLowerCase());

/** An item that is written with what follows it; `|` is where the caret is then. */
function item(label: string, behind: string, told?: string): Suggestion {
  const insert = stringifyKey(label) + behind.replace("|", "");
  const place = behind.indexOf("|");
  return {
    label,
    insert,
    ...(place >= 0 && { caret: insert.length - (behind.length - 1 - place) }),
    ...(told !== undefined && { told }),
  };
}

/** What follows each key of a selector. */
const BEHIND: Readonly<Record<string, string>> = {
  columns: ":~T(|)~",
  where: ":(|)",
  orderBy: ":(|)",
  with: ":(|)",
  count: ":~T(|)~",
  search: ":'|'",
  after: ":'|'",
  before: ":'|'",
  limit: ":|",
  offset: ":|",
  required: ":T",
  relation: ":|",
  having: ":(|)",
  groupBy: ":_(|)_",
  timeZone: ":'|'",
};

function keysOf(access: Access, meaning: Meaning, typed: string, bare: boolean): readonly Suggestion[] {
  switch (meaning.kind) {
    case "node":
      return meaning.spot.takes.map((key) => item(key, BEHIND[key] ?? ":|"));
    case "columns":
      return columnItems(meaning.spot, bare);
    case "filter":
      return filterItems(access, meaning.spot, typed);
    case "order":
      return orderItems(access, meaning.spot);
    case "relations":
      return relationsOf(meaning.spot).map(({ name, kind }) => item(name, ":(|)", kind));
    case "counts":
      return relationsOf(meaning.spot, "many").map(({ name }) => item(name, bare ? "" : ":T", "count"));
    case "alias":
      return [item("relation", ":|")];
    case "counted":
      return [item("relation", ":|"), item("where", ":(|)")];
    case "numbers":
      return numberItems(meaning);
    case "function":
      return Object.entries(meaning.numbers.columns)
        .filter(([, { functions }]) => functions.includes(meaning.figure))
        .map(([name, { kind }]) => item(name, bare ? "" : ":T", kind));
    case "having":
      return havingItems(meaning.figures, typed);
    case "groupOrder":
      return meaning.keys.map((key) => item(key, ":desc"));
    case "sort":
      return [item("sort", ":|"), item("nulls", ":|")];
    default:
      return [];
  }
}

const columnItems = ({ columns, extras }: Spot, bare: boolean): readonly Suggestion[] => [
  ...Object.entries(columns)
    .filter(([, { readable }]) => readable === true)
    .map(([name, { kind }]) => item(name, bare ? "" : ":T", kind)),
  ...extras.map((name) => item(name, bare ? "" : ":T", "computed")),
];

/** What stands in a filter: behind a column its operators, behind a relation what is said of its rows. */
function filterItems(access: Access, spot: Spot, typed: string): readonly Suggestion[] {
  const dot = typed.lastIndexOf(".");
  const before = dot < 0 ? "" : typed.slice(0, dot);
  const column = before === "" ? undefined : columnAt(access, spot, before);
  if (column !== undefined)
    return operatorsOf(access, column).map((name) =>
      item(`${before}.${name}`, behindOf(name, column), column.kind),
    );
  const columns = columnsFor("filterable", access, spot).map(({ path, column: found }) =>
    item(path, behindOf("eq", found), found.kind),
  );
  const through = relationsOf(spot).flatMap(({ name, kind }) => [
    item(name, kind === "many" ? ":T" : ":(|)", `${kind} row${kind === "many" ? "s" : ""}`),
    ...QUANTIFIERS[kind].map((word) => item(`${name}.${word}`, ":(|)", "rows")),
    ...(kind === "many"
      ? COUNT_OPERATORS.map((word) => item(`${name}.count.${word}`, ":|", "how many"))
      : []),
  ]);
  // The operators of a relation are offered once somebody goes there.
  const shown = through.filter(({ label }) => !label.includes(".") || label.startsWith(`${before}.`));
  const words = [item("AND", ":_((|))_"), item("OR", ":_((|))_"), item("NOT", ":(|)")];
  return [...columns, ...shown, ...words];
}

/** What stands behind an operator for values of a column. */
function behindOf(operator: string, { kind }: AccessColumn): string {
  const quoted = kind === "text" || kind === "date" || kind === "custom" || kind === "decimal";
  switch (operandOf(operator)) {
    case "list":
    case "pair":
      return ":_(|)_";
    case "flag":
      return ":T";
    case "text":
      return ":'|'";
    case "json":
      return ":(path:_(|)_)";
    default:
      return quoted ? ":'|'" : ":|";
  }
}

const orderItems = (access: Access, spot: Spot): readonly Suggestion[] => [
  ...columnsFor("sortable", access, spot).map(({ path, column }) => item(path, ":asc", column.kind)),
  ...relationsOf(spot, "many").map(({ name }) => item(`${name}.count`, ":desc", "how many")),
  ...(spot.takes.includes("search") ? [item("search", ":desc", "best first")] : []),
];

function numberItems({ numbers }: Extract<Meaning, { kind: "numbers" }>): readonly Suggestion[] {
  const of = (figure: (typeof FUNCTIONS)[number]): boolean =>
    Object.values(numbers.columns).some(({ functions }) => functions.includes(figure));
  const figures = FUNCTIONS.filter((figure) => of(figure) && figure !== "count");
  const groups = groupsOf(numbers).length > 0;
  return [
    ...(numbers.count ? [item("count", ":T", "rows")] : []),
    ...figures.map((figure) => item(figure, ":~T(|)~", "figure")),
    item("where", ":(|)"),
    ...(groups ? ["groupBy", "having", "orderBy", "limit", "offset", "timeZone"] : []).map((key) =>
      item(key, BEHIND[key]!),
    ),
  ];
}

function havingItems(figures: readonly string[], typed: string): readonly Suggestion[] {
  const dot = typed.lastIndexOf(".");
  const before = typed.slice(0, Math.max(0, dot));
  if (figures.includes(before)) return COUNT_OPERATORS.map((name) => item(`${before}.${name}`, ":|"));
  return figures.map((figure) => item(`${figure}.gte`, ":|", "figure"));
}

const said = (...words: readonly string[]): readonly Suggestion[] => words.map((label) => ({ label }));

function valuesOf(access: Access, meaning: Meaning): readonly Suggestion[] {
  switch (meaning.kind) {
    case "direction":
      return said("asc", "desc", "(sort:desc,nulls:last)");
    case "word":
      return wordItems(meaning);
    case "columns":
      return said("T", "F", "~T()~", "~F()~");
    case "node":
      return meaning.named === true ? said("T", "F", "()") : said("()");
    case "filter":
      return said("()", "T");
    case "counts":
      return said("~T()~");
    case "counted":
      return said("T", "(where:())");
    case "groups":
      return said(...groupsOf(meaning.numbers));
    case "operand":
      return operandItems(meaning);
    default:
      return [];
  }
}

function wordItems({ key, spot }: Extract<Meaning, { kind: "word" }>): readonly Suggestion[] {
  if (key === "relation" && spot !== undefined) return relationsOf(spot).map(({ name }) => ({ label: name }));
  if (key === "sort") return said("asc", "desc");
  if (key === "nulls") return said("first", "last");
  return key === "required" ? said("T", "F") : [];
}

/** What a column may be compared with, where that can be listed. */
function operandItems({ column, operator }: Extract<Meaning, { kind: "operand" }>): readonly Suggestion[] {
  const operand = operandOf(operator);
  if (operand === "flag") return said("T", "F");
  const nothing = operand === "value" && column.nullable ? [{ label: "N", told: "nothing" }] : [];
  if (column.kind === "boolean") return [...said("T", "F"), ...nothing];
  const values = (column.values ?? []).map((value) => ({ label: value, insert: stringifyText(value) }));
  return [...values, ...nothing];
}
