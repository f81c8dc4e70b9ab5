import { at, invalidValue, QueryError, quote, quoteAll, tooComplex, unknownOperator } from "../error.ts";
import { mismatch, OPERATORS, type Operator, operatorsFor, readOperand } from "../operator/operator.ts";
import type { Capability, RelationPolicy } from "../policy/policy.ts";
import { Blank } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { blankCondition } from "./blank.ts";
import type { Budget, Shared } from "./budget.ts";
import { COUNT, readCountValue } from "./count-value.ts";
import { type Cell, typeOf } from "./expression.ts";
import { type Beginning, cellIn, type Ground, relationIn, step } from "./ground.ts";
import type { Mentions } from "./mentions.ts";
import { A_FILTER, misread, unknownKey } from "./misread.ts";
import type { Condition, Predicate } from "./plan.ts";

/** What filters of a question are read with. */
export interface FilterTools {
  readonly budget: Budget;
  readonly mentions: Mentions;
  readonly refer?: Shared["refer"];
}

/**
 * Reads a filter: a map is AND, an array of maps is OR; `AND`, `OR` and `NOT` nest. Only what the rule of its ground lets
 * out exists, and of relations what the rule on their other side does.
 *
 * @throws QueryError `unknown-column`, `unknown-relation`, `unknown-operator`, `invalid-value`, `capability-forbidden`,
 * `depth-exceeded` or `too-complex`.
 */
export function readFilter(value: unknown, ground: Ground, tools: FilterTools, path: string): Predicate {
  return new FilterReader(tools).read(value, { ground, path, nesting: 0 });
}

/** How deep groups may nest; SQLite's parser overflows some way beyond. */
const MAX_NESTING = 16;

/** A filter inside a filter: where it stands, and what its names are looked up in. */
interface Spot {
  readonly ground: Ground;
  readonly path: string;
  readonly nesting: number;
  /** The relation whose rows it is about, where nothing stands behind that. */
  readonly behind?: RelationPolicy | undefined;
}

/** What a condition on related rows may say, by the word behind the relation. */
const OF_MANY = { some: "some", none: "none", every: "every" } as const;
const OF_ONE = { is: "some", isNot: "none" } as const;

const isWordOf = <Words extends object>(word: string, words: Words): word is keyof Words & string =>
  Object.hasOwn(words, word);

/** Reads one filter; every condition counts against the budget of its request. */
class FilterReader {
  readonly #budget: Budget;
  readonly #mentions: Mentions;
  readonly #refer: FilterTools["refer"];

  constructor({ budget, mentions, refer }: FilterTools) {
    this.#budget = budget;
    this.#mentions = mentions;
    this.#refer = refer;
  }

  read(value: unknown, spot: Spot): Predicate {
    const { path, nesting } = spot;
    if (nesting > MAX_NESTING) throw tooComplex(`a filter nested more than ${MAX_NESTING} levels deep`, path);
    if (Array.isArray(value)) return this.#group("or", value, spot);
    if (typeof value !== "object" || value === null) {
      throw invalidValue("a filter is a map, or an array of maps", path, A_FILTER);
    }
    const entries = Object.entries(value);
    if (entries.length === 0) throw emptyFilter(path);
    const parts = entries.map(([key, part]) => this.#member(key, part, spot));
    return parts.length === 1 ? parts[0]! : { kind: "and", parts };
  }

  #group(kind: "and" | "or", value: unknown, { ground, path, nesting }: Spot): Predicate {
    if (!Array.isArray(value)) {
      throw invalidValue("expected an array of filters", path, "write OR:_((a:1),(b:2))_");
    }
    if (value.length === 0) throw emptyFilter(path);
    this.#budget.checkList(value.length, path);
    const parts = value.map((item: unknown, index) =>
      this.read(item, { ground, path: at(path, index), nesting: nesting + 1 }),
    );
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #member(key: string, value: unknown, spot: Spot): Predicate {
    const { ground, path, nesting } = spot;
    const inside: Spot = { ground, path: at(path, key), nesting };
    // A column of that very name wins over AND, OR, NOT and over a dot.
    if (!ground.secured.filterable.has(key)) {
      if (key === "AND" || key === "OR") return this.#group(key === "AND" ? "and" : "or", value, inside);
      if (key === "NOT") return { kind: "not", part: this.read(value, { ...inside, nesting: nesting + 1 }) };
    }
    return this.#named(key, value, spot, inside.path);
  }

  /** What a name says of a value at a path: of a column, or of the rows that a relation leads to. */
  #named(key: string, value: unknown, spot: Spot, here: string): Predicate {
    const { ground, path } = spot;
    const whole = ground.secured.filterable.get(key);
    if (whole !== undefined) return this.#condition(whole, "eq", value, path, here);
    const { cell, rest } = cellIn(key, ground);
    if (cell !== undefined && OPERATORS.has(rest)) return this.#condition(cell, rest, value, path, here);
    const relation = relationIn(key, ground);
    if (relation !== undefined)
      return relation.policy.relation.kind === "one"
        ? this.#one(relation, value, spot, here)
        : this.#many(relation, value, spot, here);
    if (cell === undefined) {
      ground.refuse?.(key, path);
      throw unknownKey(key, ground, path, spot.behind);
    }
    return this.#condition(cell, rest, value, path, here);
  }

  #condition(cell: Cell, name: string, given: unknown, path: string, here: string): Predicate {
    const column = typeOf(cell);
    const operator = OPERATORS.get(name);
    if (operator === undefined) throw unknownOperator(name, path, operatorsFor(column));
    if (operator.applies?.(column) === false) throw inapplicable(name, operator, column, path);
    this.#budget.addCondition(path);
    if (given instanceof Blank) return this.#blank({ expression: cell, operator }, given, here);
    // Inside of JSON it is data.
    const value = this.#refer === undefined || column.kind === "json" ? given : this.#refer(given, here);
    try {
      const operand = readOperand(operator, column, value, here, this.#budget);
      return { kind: "condition", expression: cell, operator, value: operand };
    } catch (error) {
      throw misread(error, value, operator, column, here.slice(path.length + 1));
    }
  }

  #blank(compared: Pick<Condition, "expression" | "operator">, blank: Blank, here: string): Predicate {
    const { condition, reader } = blankCondition(compared, blank, here, this.#budget);
    this.#mentions.leave(reader);
    return condition;
  }

  /** A condition on the one row that a relation leads to, or on a value of it. */
  #one({ policy, rest }: Beginning, value: unknown, spot: Spot, here: string): Predicate {
    const ground = this.#step(policy, spot);
    const link = this.#mentions.link(policy);
    const word = rest === "" ? "is" : rest;
    if (!isWordOf(word, OF_ONE) || (rest !== "" && isKnown(rest, ground))) {
      const part = this.#named(rest, value, { ...spot, ground, behind: undefined }, here);
      return { kind: "related", link, holds: "value", part };
    }
    const holds = OF_ONE[word];
    const inside = { ...spot, behind: rest === "" ? policy : undefined };
    // `N` says that there is no row.
    if (value === null)
      return { kind: "related", link, holds: holds === "some" ? "none" : "some", part: undefined };
    return { kind: "related", link, holds, part: this.#inner(value, ground, inside, here, "a filter, or N") };
  }

  /** A condition on the rows that a relation leads to, or on their number. */
  #many({ policy, rest }: Beginning, value: unknown, spot: Spot, here: string): Predicate {
    if (rest === COUNT || rest.startsWith(`${COUNT}.`))
      return this.#count(policy, rest.slice(COUNT.length + 1), value, spot, here);
    const word = rest === "" ? "some" : rest;
    if (!isWordOf(word, OF_MANY)) throw unknownOperator(rest, spot.path, [...Object.keys(OF_MANY), COUNT]);
    const holds = OF_MANY[word];
    const ground = this.#step(policy, spot);
    const link = this.#mentions.link(policy);
    if (value === true && holds !== "every") return { kind: "related", link, holds, part: undefined };
    const expected = holds === "every" ? "a filter" : "a filter, or T";
    const inside = { ...spot, behind: rest === "" ? policy : undefined };
    return { kind: "related", link, holds, part: this.#inner(value, ground, inside, here, expected) };
  }

  #count(policy: RelationPolicy, name: string, value: unknown, spot: Spot, here: string): Predicate {
    const ground = this.#step(policy, spot, ["where", "count"]);
    const link = this.#mentions.link(policy);
    const { where, ...asked } = readCountValue(name, value, policy.table.database, here, this.#budget);
    const filter =
      where === undefined
        ? undefined
        : this.#inner(where, ground, { ...spot, behind: undefined }, at(here, "where"), "a filter");
    return { kind: "count", counted: { link, where: filter }, ...asked };
  }

  #inner(value: unknown, ground: Ground, spot: Spot, path: string, expected: string): Predicate {
    if (typeof value !== "object" || value === null)
      throw invalidValue(`expected ${expected}`, path, A_FILTER);
    return this.read(value, { ground, path, nesting: spot.nesting + 1, behind: spot.behind });
  }

  /** The ground on a relation's other side; going there is a condition of its own. */
  #step(policy: RelationPolicy, { ground, path }: Spot, uses: readonly Capability[] = ["where"]): Ground {
    const next = step(policy, ground, uses, path);
    this.#budget.addCondition(path);
    return next;
  }
}

/** Whether a name leads anywhere from a ground, so that it is no word behind a relation. */
const isKnown = (name: string, ground: Ground): boolean =>
  ground.secured.filterable.has(name) || relationIn(name, ground) !== undefined;

/** An operator that compares nothing of such a column: why, and which do. */
function inapplicable(name: string, operator: Operator, column: ColumnInfo, path: string): QueryError {
  const hint = `it takes ${quoteAll(operatorsFor(column))}`;
  const message = `operator ${quote(name)} does not apply to ${quote(column.name)}, which ${mismatch(operator, column)}`;
  return new QueryError("unknown-operator", message, { path, hint });
}

function emptyFilter(path: string): Error {
  return invalidValue("an empty filter", path, "leave it out to filter nothing");
}
