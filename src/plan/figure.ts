import { at, invalidValue, QueryError, quote, quoteAll, unknownColumn } from "../error.ts";
import { OPERATORS } from "../operator/operator.ts";
import { hasOrder, isHiddenFrom, mayUse, type Policy } from "../policy/policy.ts";
import { COLUMN_FUNCTIONS, type ColumnFunction } from "../request/request.ts";
import { type ColumnInfo, countColumn, figureColumn } from "../schema/schema.ts";
import type { Cell } from "./expression.ts";
import type { Ground } from "./ground.ts";
import { type SecuredRelation, securedBy } from "./secured.ts";

/** A number, or another value, that is made of the rows of a group. */
export interface Figure {
  /** What filters and orders of groups call it. */
  readonly name: string;
  readonly function: ColumnFunction;
  /** What it is made of; without it rows are counted. */
  readonly of: Cell | undefined;
  /** What it is: a column that no table has. It stands for the figure, and is no other's. */
  readonly cell: Cell;
}

/** The figures that a rule lets be asked for. */
export interface Figures {
  /**
   * One by its function and column; without a column the number of rows.
   *
   * @throws QueryError `capability-forbidden`, `unknown-column`, `invalid-value`.
   */
  of(name: ColumnFunction, column: string | undefined, path: string): Figure;
  /** One by its name, as filters and orders of groups write it. */
  named(name: string, path: string): Figure;
  /** The one that a cell stands for. */
  by(cell: Cell): Figure;
  /** Where the names of filters on groups are looked up. */
  readonly ground: Ground;
}

const known = new WeakMap<Policy, Figures>();

/** The figures of a rule. */
export function figuresOf(policy: Policy): Figures {
  let figures = known.get(policy);
  if (figures === undefined) known.set(policy, (figures = new RuleFigures(policy)));
  return figures;
}

class RuleFigures implements Figures {
  readonly ground: Ground;
  readonly #policy: Policy;
  readonly #secured: SecuredRelation;
  readonly #byName = new Map<string, Figure>();
  readonly #byCell = new Map<Cell, Figure>();

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#secured = securedBy(policy);
    for (const figure of this.#permitted()) {
      this.#byName.set(figure.name, figure);
      this.#byCell.set(figure.cell, figure);
    }
    const filterable = new Map([...this.#byName].map(([name, { cell }]) => [name, cell]));
    this.ground = {
      secured: { ...this.#secured, policy: withoutRelations(policy), filterable },
      depth: 0,
      refuse: (key, path) => this.#refuse(key, path),
    };
  }

  of(name: ColumnFunction, column: string | undefined, path: string): Figure {
    const { functions, columns } = this.#policy.aggregate!;
    const figure = this.#byName.get(column === undefined ? name : `${name}.${column}`);
    if (figure !== undefined) return figure;
    if (!functions.has(name)) throw forbidden(`\`${name}\` is not allowed here`, path, [...functions]);
    if (column === undefined) throw invalidValue(`\`${name}\` is of a column`, path, `write ${name}.price`);
    const info = columns.get(column);
    if (info === undefined) throw unknownColumn(column, path, columns.keys());
    if (isHiddenFrom(name, info, this.#policy))
      throw forbidden(`\`${name}\` of ${quote(column)} is not allowed`, at(path, column));
    throw invalidValue(misfit(name, column), at(path, column));
  }

  named(name: string, path: string): Figure {
    const figure = this.#byName.get(name);
    if (figure !== undefined) return figure;
    const dot = name.indexOf(".");
    const word = dot < 0 ? name : name.slice(0, dot);
    if (isFunction(word)) return this.of(word, dot < 0 ? undefined : name.slice(dot + 1), path);
    throw unknownColumn(name, path, this.#byName.keys());
  }

  by(cell: Cell): Figure {
    return this.#byCell.get(cell)!;
  }

  /** Refuses a key of a filter as its figure is refused elsewhere, where it names a function. */
  #refuse(key: string, path: string): void {
    const dot = key.lastIndexOf(".");
    const name = dot > 0 && OPERATORS.has(key.slice(dot + 1)) ? key.slice(0, dot) : key;
    if (isFunction(name.split(".", 1)[0]!)) this.named(name, path);
  }

  /** All that may be asked for. */
  *#permitted(): Iterable<Figure> {
    const { functions, columns } = this.#policy.aggregate!;
    const { database } = this.#secured.table;
    if (functions.has("count")) yield figure("count", undefined, countColumn(database));
    for (const name of functions)
      for (const column of columns.values())
        if (mayUse(name, column, this.#policy))
          yield figure(name, this.#secured.seen(column), figureColumn(name, column)!);
  }
}

const figure = (name: ColumnFunction, of: Cell | undefined, column: ColumnInfo): Figure => ({
  name: of === undefined ? name : `${name}.${of.column.name}`,
  function: name,
  of,
  cell: { kind: "column", column },
});

const isFunction = (word: string): word is ColumnFunction =>
  (COLUMN_FUNCTIONS as ReadonlySet<string>).has(word);

/** A rule from which no relation leads: figures are of groups, which have none. */
const withoutRelations = (policy: Policy): Policy =>
  Object.create(policy, { relations: { value: new Map() } }) as Policy;

const forbidden = (message: string, path: string, functions: readonly string[] = []): QueryError =>
  new QueryError("capability-forbidden", message, {
    path,
    hint: functions.length > 0 ? `allowed are ${quoteAll(functions)}` : undefined,
  });

const misfit = (name: ColumnFunction, column: string): string =>
  name === "sum" || name === "avg"
    ? `${quote(column)} holds no numbers`
    : `values of ${quote(column)} ${name === "countDistinct" ? "cannot be compared" : "have no order"}`;

/** Whether groups can be put in the order of a figure. */
export const isSortable = ({ cell }: Figure): boolean => hasOrder(cell.column);
