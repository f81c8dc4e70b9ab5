import { type SQL, sql } from "drizzle-orm";
import type { Admitted } from "../../author/author.ts";
import { Cache, LONGEST, Seen } from "../../cache.ts";
import { MARK, takeApart } from "../../drizzle/drizzle.ts";
import { type AggregatePlan, type Expression, type Figure, type GroupKey, isCell } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { bucketSQL, figureSQL, type Member, oneOfSame } from "../../syntax/syntax.ts";
import { toSQL } from "../sql/condition.ts";
import { numbered } from "../sql/lift.ts";
import { list } from "../sql/list.ts";
import { filteredRows, valueSQL } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { AggregateRead, AggregateText } from "../statement.ts";

/** What statements for numbers may have in characters, in a generation. */
const MAX_CHARACTERS = 1_048_576;

/** Makes statements of questions for numbers about rows, whichever reader reads rows. */
export class AggregateReader {
  readonly #speech: Speech;
  readonly #statements = new Cache<AggregateText>(200, { most: MAX_CHARACTERS });
  readonly #seen = new Seen();

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  /** How many statements are remembered. */
  get size(): number {
    return this.#statements.size;
  }

  read(plan: AggregatePlan, admitted: Admitted): AggregateRead {
    const written = new AggregateWriter(plan, admitted, this.#speech).write();
    const { parts, values } = takeApart(written, this.#speech);
    const remembered = this.#text(parts);
    return { kind: "aggregate", plan, ask: { kind: "text", text: remembered.text, values }, remembered };
  }

  /** One text serves all questions of a shape. */
  #text(parts: readonly string[]): AggregateText {
    const key = parts.join(MARK);
    const known = this.#statements.get(key);
    if (known !== undefined) return known;
    const made = { text: numbered({ parts }, 1, this.#speech.syntax) };
    if (made.text.length <= LONGEST && this.#seen.before(key)) this.#statements.set(key, made);
    return made;
  }
}

/** The rows that are aggregated, their groups, those of them that are answered, and the place of both in a chain of selects. */
const ROWS = '"~rows"';
const GROUPS = '"~groups"';
const PAGE = '"~page"';

/** So many values are read as they are: what one holds is bounded where it is written. */
const FREE_VALUES = 100;

/**
 * Writes one statement: the rows that exist for the caller, with what is read of them; around them their groups; around
 * those the ones that are answered; around all their JSON. What holds values stands in the first, each once.
 */
class AggregateWriter {
  readonly #plan: AggregatePlan;
  readonly #admitted: Admitted;
  readonly #speech: Speech;
  /** What is read of the rows, by its place. */
  readonly #read: Expression[] = [];

  constructor(plan: AggregatePlan, admitted: Admitted, speech: Speech) {
    this.#plan = plan;
    this.#admitted = admitted;
    this.#speech = speech;
  }

  write(): SQL {
    const { filtered, having } = this.#plan;
    const groups = this.#groups();
    const kept = having === undefined ? groups : this.#having(groups);
    const counted = filtered ? sql`, (select count(*) from ${sql.raw(GROUPS)})` : sql``;
    const page = filtered
      ? sql`select * from ${sql.raw(GROUPS)}${this.#range()}`
      : sql`${kept}${this.#range()}`;
    const all = filtered ? sql`${sql.raw(GROUPS)} as (${kept}), ` : sql``;
    return sql`with ${all}${sql.raw(PAGE)} as (${page}) select ${this.#lists()}${counted} from ${sql.raw(PAGE)}${this.#fits()}`;
  }

  /** The groups of the rows, with their figures; those that are too small are left out. */
  #groups(): SQL {
    const { groups = [], figures, policy } = this.#plan;
    const values = groups.map((group) => this.#keySQL(group));
    const keys = groups.map(
      ({ bucket, column }, place) =>
        `${bucket === undefined ? oneOfSame(column, values[place]!) : values[place]!} as ${keyName(place)}`,
    );
    const made = figures.map((figure, place) => `${this.#figureSQL(figure)} as ${figureName(place)}`);
    const least = policy.aggregate!.minGroupSize;
    return sql`select ${sql.raw([...keys, ...made].join(", "))} from (${this.#rows()}) as ${sql.raw(ROWS)}${sql.raw(
      (values.length === 0 ? "" : ` group by ${values.join(", ")}`) +
        (least > 0 ? ` having count(*) >= ${least}` : ""),
    )}`;
  }

  /** The rows that exist for the caller, those of them that his filter leaves, and what is read of each. */
  #rows(): SQL {
    const { table, where } = filteredRows(this.#plan.root, this.#admitted);
    const values = this.#read.map(
      (value, place) => sql`${this.#value(value)} as ${sql.raw(valueName(place))}`,
    );
    const filter = where === undefined ? sql`` : sql` where ${where}`;
    return sql`select ${values.length === 0 ? sql`1` : list(values)} from ${table}${filter}`;
  }

  #value(expression: Expression): SQL {
    const value = valueSQL(expression, this.#plan.root, this.#admitted);
    if (expression.kind === "column") return value;
    return sql`${value}${sql.raw(this.#speech.syntax.collation(expression.column))}`;
  }

  /** What a value of the rows is called in their groups. */
  #named(expression: Expression): string {
    const same = this.#read.findIndex((other) => isSame(other, expression));
    const place = same < 0 ? this.#read.push(expression) - 1 : same;
    return `${ROWS}.${valueName(place)}`;
  }

  #keySQL({ expression, bucket }: GroupKey): string {
    const value = this.#named(expression);
    return bucket === undefined ? value : bucketSQL(bucket, expression.column, this.#plan.zone, value);
  }

  #figureSQL({ function: name, of }: Figure): string {
    return of === undefined ? "count(*)" : figureSQL(name, of.column, this.#named(of));
  }

  #having(groups: SQL): SQL {
    const { having, figures } = this.#plan;
    const named = new Map(figures.map(({ cell }, place) => [cell as Expression, sql.raw(figureName(place))]));
    const condition = toSQL(having!, { ...NOWHERE, named: (expression) => named.get(expression)! });
    return sql`select * from (${groups}) as "~all" where ${condition}`;
  }

  /** The order of the groups, and which of them are answered: one more than that where somebody wants to know of it. */
  #range(): SQL {
    const { groups = [], figures, orderBy, limit, offset, tellsMore } = this.#plan;
    const { orderKey, range } = this.#speech.syntax;
    const keys = orderBy.map(({ value, direction, nulls }) =>
      "cell" in value
        ? orderKey(value.cell.column.nullable, direction, figureName(figures.indexOf(value)), nulls)
        : orderKey(true, direction, keyName(groups.indexOf(value)), nulls),
    );
    const most = limit + (tellsMore ? 1 : 0);
    const bounds = [...(limit === Number.POSITIVE_INFINITY ? [] : [most]), ...(offset > 0 ? [offset] : [])];
    const text = range({
      limit: limit === Number.POSITIVE_INFINITY ? undefined : MARK,
      offset: offset > 0 ? MARK : undefined,
      single: false,
      whole: false,
    });
    const order = keys.length === 0 ? "" : ` order by ${keys.join(", ")}`;
    return filledIn(order + text, bounds);
  }

  /** The JSON of the groups: several lists side by side where an object takes fewer members. */
  #lists(): SQL {
    const { object, list: listed, document, maxMembers, sent } = this.#speech.syntax;
    const members = columnsOf(this.#plan).map(({ name, column }): Member => [
      name,
      sent(column, `${PAGE}."~${name}"`),
    ]);
    const lists: string[] = [];
    for (let start = 0; start < Math.max(1, members.length); start += maxMembers)
      lists.push(document(listed(object(members.slice(start, start + maxMembers)))));
    return sql.raw(lists.join(", "));
  }

  /** Ends the statement before it has begun its JSON, without a row, where that would be too large. */
  #fits(): SQL {
    const { policy, limit } = this.#plan;
    const { maxAnswerSize } = policy.limits;
    const { size, sum, fits } = this.#speech.syntax;
    const sizes = columnsOf(this.#plan).flatMap(({ name, column }) => size(column, `"~${name}"`, true) ?? []);
    const few = Math.min(limit, this.#plan.groups === undefined ? 1 : limit) * sizes.length <= FREE_VALUES;
    if (sizes.length === 0 || few || maxAnswerSize === Number.POSITIVE_INFINITY) return sql``;
    const bytes = sum(sizes.map((bytes) => `coalesce(${bytes},0)`).join("+"));
    return filledIn(` limit (select ${fits(bytes, MARK)} from ${PAGE})`, [maxAnswerSize]);
  }
}

const valueName = (place: number): string => `"~v${place}"`;
const keyName = (place: number): string => `"~g${place}"`;
const figureName = (place: number): string => `"~f${place}"`;

/** The members of a group in its JSON, by the names that stand for them there. */
export const columnsOf = ({
  groups = [],
  shown,
}: AggregatePlan): readonly { readonly name: string; readonly column: ColumnInfo }[] => [
  ...groups.map(({ column }, place) => ({ name: `g${place}`, column })),
  ...shown.map(({ cell }, place) => ({ name: `f${place}`, column: cell.column })),
];

/** Whether two expressions say the same of a row: a column is what it is, however often it is named. */
const isSame = (one: Expression, other: Expression): boolean =>
  one === other || (isCell(one) && isCell(other) && one.column === other.column);

/** Text with values at its marks. */
function filledIn(text: string, values: readonly number[]): SQL {
  const [first, ...rest] = text.split(MARK);
  return sql.join([sql.raw(first!), ...rest.map((part, place) => sql`${values[place]!}${sql.raw(part)}`)]);
}

const never = (): never => {
  throw new TypeError("groups are filtered by their figures alone");
};

/** Groups are looked at as they are, and nothing else is. */
const NOWHERE = { shown: never, related: never, counted: never };
