import { getTableName, type SQL, sql, type Table } from "drizzle-orm";
import type { Admission, Admitted, AdmittedParent, Rows } from "../../author/author.ts";
import {
  type Counted,
  type Expression,
  filled,
  type Link,
  type Mask,
  type Mention,
  type Predicate,
  type ReadNode,
  type Related,
  type SecuredRelation,
  type Through,
} from "../../plan/plan.ts";
import { type ColumnInfo, countColumn, type RelationInfo, type TableInfo } from "../../schema/schema.ts";
import { rankSQL } from "../../search/search.ts";
import {
  both,
  ofNothing,
  rowsCondition,
  type Shown,
  shownValue,
  type Sight,
  toSQL,
  truth,
} from "./condition.ts";
import { beginsLater, behind, inEither, type Stretches } from "./beyond.ts";
import { list } from "./list.ts";
import type { Speech } from "./speech.ts";

/** Nobody else can write this name, so that only this file makes what bears it. */
declare const SECURED: unique symbol;

/**
 * Rows of a table that a statement may speak of. Only this file makes them, so that no statement names a table without
 * saying which of its rows it means.
 */
export interface SecuredRows {
  readonly table: Table;
  /** `undefined` where every row is meant. */
  readonly where: SQL | undefined;
  readonly [SECURED]: true;
}

/** A table that takes new rows. */
export interface Target {
  readonly table: Table;
  readonly [SECURED]: true;
}

const rowsOf = (table: Table, where: SQL | undefined): SecuredRows => ({ table, where }) as SecuredRows;

/** The rows that an admission speaks of, those included that they hang on. */
export function rowsIn({ rows, parents }: Admission): Rows {
  if (parents === "none") return "none";
  if (parents.length === 0 || rows === "none") return rows;
  const hung = parents.map(hangsOn);
  return sql.join(rows === "all" ? hung : [sql`(${rows})`, ...hung], sql` and `);
}

/** The rows on which what a mask covers is shown to a caller: those of which one of its grants holds. */
export function shownIn({ grants: places }: Mask, { grants }: Admission): Rows {
  const asked: SQL[] = [];
  for (const place of places) {
    const grant = grants[place]!;
    const rows = typeof grant === "object" && "parents" in grant ? rowsIn(grant) : grant;
    if (rows === "all") return "all";
    if (rows !== "none") asked.push(sql`(${rows})`); // an author may write OR
  }
  return asked.length === 0 ? "none" : sql.join(asked, sql` or `);
}

/** What is shown where a table is mentioned. */
export const shownTo =
  (admission: Admission): Shown =>
  (mask) =>
    shownIn(mask, admission);

/** What a caller sees from where a table is mentioned. */
const sightOf = (mention: Mention, admitted: Admitted): Sight => ({
  shown: shownTo(admitted.of(mention)),
  related: (predicate, whole) => relatedSQL(predicate, admitted, whole),
  counted: ({ counted, operator, value }) =>
    operator.build(
      { ...countColumn(counted.link.mention.secured.table.database), column: countSQL(counted, admitted) },
      value,
    ),
});

/** A filter on the rows of a mention. */
export const filterSQL = (where: Predicate, mention: Mention, admitted: Admitted): SQL =>
  toSQL(filled(where, admitted.values), sightOf(mention, admitted));

/** The value of an expression for a row of a mention, which goes by the name of its table. */
export function valueSQL(expression: Expression, mention: Mention, admitted: Admitted): SQL {
  switch (expression.kind) {
    case "column":
      return sql`${expression.column.column}`;
    case "masked":
      return maskedSQL(expression.column, shownIn(expression.mask, admitted.of(mention)));
    case "count":
      return countSQL(expression.counted, admitted);
    case "rank":
      return rankSQL(expression.search.index, expression.search.words);
    case "path": {
      const { link, value } = expression;
      return sql`(${selectOf(valueSQL(value, link.mention, admitted), link, admitted)} limit 1)`;
    }
  }
}

/** A column on the rows on which it is shown; on all of them it is what an index has. */
const maskedSQL = ({ column }: ColumnInfo, rows: Rows): SQL =>
  rows === "all" ? sql`${column}` : shownValue(rows, sql`${column}`);

const countSQL = ({ link, where }: Counted, admitted: Admitted): SQL =>
  sql`(${selectOf(sql`count(*)`, link, admitted, where && filterSQL(where, link.mention, admitted))})`;

/** The name, which no column has, of the numbers that a row comes with, with commas between them. */
export const NUMBERS = "~counts";

/** The numbers of related rows of a mention, which goes by the name of its table. */
export function numbersField(counts: ReadNode["counts"], admitted: Admitted): SQL.Aliased<string> {
  const numbers = Array.from(counts.values(), (counted) => countSQL(counted, admitted));
  return sql<string>`''||${sql.join(numbers, sql`||','||`)}`.as(NUMBERS);
}

function relatedSQL({ link, holds, part }: Related, admitted: Admitted, whole: boolean): SQL {
  const sight = sightOf(link.mention, admitted);
  const { through } = link;
  const rows = (condition?: SQL): SQL =>
    through === undefined
      ? selectOf(sql`1`, link, admitted, condition)
      : selectOver(through, link, admitted, condition);
  if (holds === "value") {
    const otherwise = ofNothing(part!);
    // What has to hold is looked for, so that a database may begin at the other side.
    if (!whole && otherwise !== true) return sql`exists (${rows(toSQL(part!, sight))})`;
    const asked = sql`(${selectOf(toSQL(part!, sight, true), link, admitted)} limit 1)`;
    return otherwise === undefined ? asked : sql`coalesce(${asked}, ${truth(otherwise)})`;
  }
  const condition = part && toSQL(part, sight);
  if (holds === "some") return sql`exists (${rows(condition)})`;
  if (holds === "none") return sql`not exists (${rows(condition)})`;
  return sql`not exists (${rows(sql`(${condition!}) is not true`)})`;
}

/** Selects of the rows that a relation leads to from a row, which goes by the name of its table. */
function selectOf(what: SQL, { relation, mention, through }: Link, admitted: Admitted, condition?: SQL): SQL {
  const join = through && { ...through, rows: rowsIn(admitted.of(through.mention)) };
  const { from, ties } = tiedTo(relation, mention.secured, join);
  const conditions = [...ties, rowsCondition(rowsIn(admitted.of(mention))), condition];
  return sql`select ${what} from ${from} where ${allOf(conditions)}`;
}

/**
 * The same over a join table, a row for each of its rows: where it matters only whether there is one, a database that looks
 * for it may begin anywhere.
 */
function selectOver(through: Through, { relation, mention }: Link, admitted: Admitted, condition?: SQL): SQL {
  const { table } = mention.secured;
  const { values, before } = seenFrom(relation, [table]);
  const columns = [
    ...relation.on.map(({ target }) => target),
    ...through.relation.on.map(({ source }) => source),
  ];
  const named = columns.map((_, index) => sql.raw(`"~j${index}"`));
  const selected = list(columns.map(({ column }, index) => sql`${column} as ${named[index]!}`));
  const { table: join, where } = admittedRows(through.mention, admitted);
  const joins =
    where === undefined
      ? sql`select ${selected} from ${join}`
      : sql`select ${selected} from ${join} where ${where}`;
  const meant = [...values, ...through.relation.on.map(({ target }) => sql`${target.column}`)];
  const ties = meant.map((value, index) => sql`${named[index]!} = ${value}`);
  const from = list([
    ...(before === undefined ? [] : [before]),
    sql`${table.table}`,
    sql`(${joins}) as "~join"`,
  ]);
  return sql`select 1 from ${from} where ${allOf([...ties, rowsCondition(rowsIn(admitted.of(mention))), condition])}`;
}

const allOf = (conditions: readonly (SQL | undefined)[]): SQL =>
  sql.join(
    conditions.filter((condition) => condition !== undefined),
    sql` and `,
  );

/** A join table on the way, and which of its rows exist. */
interface Join {
  readonly mention: Mention;
  readonly relation: RelationInfo;
  readonly rows: Rows;
}

/** What rows are selected from that a relation leads to, and the conditions that tie them to the row they belong to. */
function tiedTo(
  relation: RelationInfo,
  { table }: SecuredRelation,
  join?: Join,
): { readonly from: SQL; readonly ties: readonly SQL[] } {
  const inner = join === undefined ? [table] : [table, join.mention.secured.table];
  const { values, before } = seenFrom(relation, inner);
  const same = relation.on.map(({ target }, index) => sql`${target.column} = ${values[index]!}`);
  return {
    from: before === undefined ? sql`${table.table}` : sql`${before}, ${table.table}`,
    ties: join === undefined ? same : [joinedSQL(join, same)],
  };
}

/** The values of a row by which others belong to it, as they are seen from where those are selected; `before` names them. */
function seenFrom(
  { on }: RelationInfo,
  inner: readonly TableInfo[],
): { readonly values: readonly SQL[]; readonly before: SQL | undefined } {
  const sources = on.map(({ source }) => source.column);
  const own = getTableName(sources[0]!.table);
  if (!inner.some(({ table }) => getTableName(table) === own))
    return { values: sources.map((column) => sql`${column}`), before: undefined };
  // In there the row's own columns would be taken for those of the rows it is tied to: they are named before.
  const values = sources.map((_, index) => sql.raw(`"~${index}"`));
  const named = list(sources.map((column, index) => sql`${column} as ${values[index]!}`));
  return { values, before: sql`(select ${named}) as "~own"` };
}

/** Whether a row is one that rows of a join table lead to. */
function joinedSQL({ mention, relation, rows }: Join, ties: readonly SQL[]): SQL {
  const joining = list(relation.on.map(({ source }) => sql`${source.column}`));
  const meant = list(relation.on.map(({ target }) => sql`${target.column}`));
  const selected = sql`select ${joining} from ${mention.secured.table.table} where ${allOf([...ties, rowsCondition(rows)])}`;
  return relation.on.length === 1 ? sql`${meant} in (${selected})` : sql`(${meant}) in (${selected})`;
}

/** Whether the row that a relation leads to is there, and the caller's to read. */
function hangsOn({ relation, secured, admission }: AdmittedParent): SQL {
  const { from, ties } = tiedTo(relation, secured);
  return sql`exists (select 1 from ${from} where ${allOf([...ties, rowsCondition(rowsIn(admission))])})`;
}

/** The rows that exist for the caller where a table is mentioned. */
export const admittedRows = (mention: Mention, admitted: Admitted): SecuredRows =>
  rowsOf(mention.secured.table.table, rowsCondition(rowsIn(admitted.of(mention))));

/** Of them those that the client's filter leaves. */
export function filteredRows(node: Mention & Pick<ReadNode, "where">, admitted: Admitted): SecuredRows {
  const filter = node.where && filterSQL(node.where, node, admitted);
  return rowsOf(node.secured.table.table, both(rowsCondition(rowsIn(admitted.of(node))), filter));
}

/** The rows behind the place at which the page of a node begins. */
export const behindSQL = (node: ReadNode, admitted: Admitted): "all" | "none" | Stretches =>
  behind(node, admitted.position, ({ expression }) => valueSQL(expression, node, admitted));

/** Of them those on the page of a node, or after it. */
export function pageRows(node: ReadNode, admitted: Admitted): SecuredRows {
  const rows = filteredRows(node, admitted);
  if (!beginsLater(node)) return rows;
  return rowsOf(rows.table, both(rows.where, rowsCondition(inEither(behindSQL(node, admitted)))));
}

/** Rows of which a condition holds as well. */
export const among = ({ table, where }: SecuredRows, condition: SQL): SecuredRows =>
  rowsOf(table, where === undefined ? condition : sql`${where} and ${condition}`);

/** Rows that a write of the caller's has made or reached, by a condition on their keys. */
export const writtenRows = ({ table }: SecuredRelation, keys: SQL): SecuredRows => rowsOf(table.table, keys);

/** Where new rows go, which a check judges. */
export const target = ({ table }: SecuredRelation): Target => ({ table: table.table }) as Target;

/** A table whose rows are joined by key with rows that are secured, or of which no row is meant. */
export const joinedByKey = ({ table }: SecuredRelation): Table => table.table;

/** The name of a table in a statement that is text; the condition of its rows comes from the slots of the plan. */
export const tableName = ({ secured: { table } }: Mention, speech: Speech): string =>
  speech.table(table.table);
