import { METHOD_OF, traitsOf } from "../../../request/method.ts";
import { type ColumnFunction, FUNCTIONS, type Path } from "./access.ts";
import { addClause, type At, changeClause, joinBy, removeClause } from "./filter.ts";
import { isPlain } from "./notation.ts";
import { type Asked, type Method, normal, type Plain, type Scope } from "./request.ts";

// Edits of a question. All are pure: they answer another question, and leave the one they are given as it is. A place is
// the path of relations that leads there; the root is the selector, or of a question for numbers the aggregate.

/** What is asked at a place. */
export function nodeAt({ select, aggregate }: Asked, path: Path = []): Plain {
  let node: Plain = aggregate ?? select ?? {};
  for (const name of path) {
    const wish: unknown = isPlain(node["with"]) ? node["with"][name] : undefined;
    node = isPlain(wish) ? wish : {};
  }
  return node;
}

/** The same question with something else asked at a place. */
function changeNode(question: Asked, path: Path, change: (node: Plain) => Plain): Asked {
  const { select, aggregate } = question;
  const root = within(aggregate ?? select ?? {}, path, change);
  return normal({ ...question, ...(aggregate === undefined ? { select: root } : { aggregate: root }) });
}

function within(node: Plain, path: Path, change: (node: Plain) => Plain): Plain {
  const [name, ...rest] = path;
  if (name === undefined) return change(node);
  const relations = isPlain(node["with"]) ? node["with"] : {};
  const wish: unknown = relations[name];
  const inner = within(isPlain(wish) ? wish : {}, rest, change);
  return { ...node, with: { ...relations, [name]: Object.keys(inner).length === 0 ? true : inner } };
}

/** The same node with another member, or without it where that is `undefined`. */
const put = (node: Plain, key: string, value: unknown): Plain => {
  if (value !== undefined) return { ...node, [key]: value };
  const { [key]: _, ...others } = node;
  return others;
};

const setMember = (question: Asked, path: Path, key: string, value: unknown): Asked =>
  changeNode(question, path, (node) => put(node, key, value));

/** Whether something is asked for under a name, in a map of a place. */
function hasName(question: Asked, path: Path, key: string, name: string): boolean {
  const named = nodeAt(question, path)[key];
  return isPlain(named) && Object.hasOwn(named, name) && named[name] !== false;
}

/** Asks for it, or no longer. */
function toggleName(question: Asked, path: Path, key: string, name: string): Asked {
  const has = hasName(question, path, key, name);
  return changeNode(question, path, (node) => {
    const named = isPlain(node[key]) ? node[key] : {};
    return put(node, key, has ? without(named, name) : { ...named, [name]: true });
  });
}

/** A map without a member; `undefined` where nothing is left of it. */
function without(map: unknown, name: string): Plain | undefined {
  const left = put(isPlain(map) ? map : {}, name, undefined);
  return Object.keys(left).length === 0 ? undefined : left;
}

/* Columns and computed fields */

/** Whether a column is asked for at a place. */
export function hasColumn(question: Asked, path: Path, name: string): boolean {
  const { columns } = nodeAt(question, path);
  if (!isPlain(columns)) return columns !== false;
  const chosen = Object.values(columns).includes(true);
  return chosen ? columns[name] === true : columns[name] !== false;
}

/** Asks for a column, or no longer; `all` are the names that may be asked for there. */
export function toggleColumn(question: Asked, path: Path, name: string, all: readonly string[]): Asked {
  const chosen = all.filter((other) => hasColumn(question, path, other) !== (other === name));
  return setColumns(question, path, chosen, all);
}

/** Asks for exactly these columns, in the shortest way that says so. */
export function setColumns(
  question: Asked,
  path: Path,
  names: readonly string[],
  all: readonly string[],
): Asked {
  const chosen = all.filter((name) => names.includes(name));
  if (chosen.length === all.length) return setMember(question, path, "columns", undefined);
  const columns = chosen.length === 0 ? false : Object.fromEntries(chosen.map((name) => [name, true]));
  return setMember(question, path, "columns", columns);
}

/* Filters */

/** Which filter: of rows, of the groups of an aggregate, or of the rows of a list that are counted. */
export type FilterOf = "where" | "having" | { readonly count: string };

/** A filter of a place, as it is written. */
export function filterAt(question: Asked, path: Path, of: FilterOf = "where"): unknown {
  const node = nodeAt(question, path);
  if (typeof of === "string") return node[of];
  const wish: unknown = isPlain(node["count"]) ? node["count"][of.count] : undefined;
  return isPlain(wish) ? wish["where"] : undefined;
}

export function setFilter(question: Asked, path: Path, filter: unknown, of: FilterOf = "where"): Asked {
  const kept = isPlain(filter) && Object.keys(filter).length === 0 ? undefined : filter;
  if (typeof of === "string") return setMember(question, path, of, kept);
  return changeNode(question, path, (node) => {
    const counts = isPlain(node["count"]) ? node["count"] : {};
    const wish: unknown = counts[of.count];
    const asked = put(isPlain(wish) ? wish : {}, "where", kept);
    return { ...node, count: { ...counts, [of.count]: Object.keys(asked).length === 0 ? true : asked } };
  });
}

/** Adds a condition to the group at a place of the filter. */
export const addCondition = (
  question: Asked,
  path: Path,
  at: At,
  key: string,
  value: unknown,
  of: FilterOf = "where",
): Asked => setFilter(question, path, addClause(filterAt(question, path, of), at, key, value), of);

/** Puts another condition in the place of one. */
export const changeCondition = (
  question: Asked,
  path: Path,
  at: At,
  key: string,
  value: unknown,
  of: FilterOf = "where",
): Asked => setFilter(question, path, changeClause(filterAt(question, path, of), at, key, value), of);

/** Takes a condition, or a whole group, away. */
export const removeCondition = (question: Asked, path: Path, at: At, of: FilterOf = "where"): Asked =>
  setFilter(question, path, removeClause(filterAt(question, path, of), at), of);

/** Joins the conditions of a group by another word. */
export const joinConditions = (
  question: Asked,
  path: Path,
  at: At,
  word: "AND" | "OR",
  of: FilterOf = "where",
): Asked => setFilter(question, path, joinBy(filterAt(question, path, of), at, word), of);

export const setSearch = (question: Asked, path: Path, text: string): Asked =>
  setMember(question, path, "search", text === "" ? undefined : text);

/* Order and pages */

/** How a place is ordered by a key. */
export interface Sort {
  readonly key: string;
  readonly direction: "asc" | "desc";
  readonly nulls?: "first" | "last";
}

/** The order of a place, the first key first. */
export function orderAt(question: Asked, path: Path): readonly Sort[] {
  const { orderBy } = nodeAt(question, path);
  if (!isPlain(orderBy)) return [];
  return Object.entries(orderBy).map(([key, wish]): Sort => {
    const { sort = wish, nulls } = isPlain(wish) ? wish : {};
    const descends = sort === "desc" || sort === -1 || sort === "-1";
    return {
      key,
      direction: descends ? "desc" : "asc",
      ...((nulls === "first" || nulls === "last") && { nulls }),
    };
  });
}

export function setOrder(question: Asked, path: Path, order: readonly Sort[]): Asked {
  const members = order.map(({ key, direction, nulls }) => [
    key,
    nulls === undefined ? direction : { sort: direction, nulls },
  ]);
  const ordered = setMember(
    question,
    path,
    "orderBy",
    members.length === 0 ? undefined : Object.fromEntries(members),
  );
  return path.length === 0 ? fromFirst(ordered) : ordered;
}

/** Ascending, then descending, then not at all; `alone` forgets the other keys, as a click on a header does. */
export function cycleOrder(question: Asked, path: Path, key: string, alone = false): Asked {
  const order = orderAt(question, path);
  const known = order.find((sort) => sort.key === key);
  const next: readonly Sort[] =
    known === undefined
      ? [{ key, direction: "asc" }]
      : known.direction === "asc"
        ? [{ key, direction: "desc" }]
        : [];
  if (alone) return setOrder(question, path, next);
  if (known === undefined) return setOrder(question, path, [...order, ...next]);
  return setOrder(
    question,
    path,
    order.flatMap((sort) => (sort.key === key ? next : [sort])),
  );
}

/** In another order, or with another filter, a page is another one. */
const fromFirst = (question: Asked): Asked =>
  changeNode(question, [], (node) =>
    put(put(put(node, "offset", undefined), "after", undefined), "before", undefined),
  );

export const setLimit = (question: Asked, path: Path, limit: number | undefined): Asked =>
  setMember(question, path, "limit", limit);

export const setOffset = (question: Asked, path: Path, offset: number | undefined): Asked =>
  setMember(question, path, "offset", offset === 0 ? undefined : offset);

/** The page of a number, from 0, of so many rows. */
export const setPage = (question: Asked, page: number, size: number): Asked =>
  setOffset(setLimit(fromFirst(question), [], size), [], Math.max(0, page) * size);

/** The page behind a cursor, or before it. */
export const setCursor = (question: Asked, side: "after" | "before", cursor: string): Asked =>
  setMember(fromFirst(question), [], side, cursor);

/* Relations and counts */

/** Whether a relation is loaded at a place, under a name. */
export const hasRelation = (question: Asked, path: Path, name: string): boolean =>
  hasName(question, path, "with", name);

/** Loads a relation, or no longer. */
export const toggleRelation = (question: Asked, path: Path, name: string): Asked =>
  toggleName(question, path, "with", name);

/** Loads a relation once more, under another name. */
export const addRelation = (question: Asked, path: Path, relation: string, name: string): Asked =>
  changeNode(question, path, (node) => ({
    ...node,
    with: { ...(isPlain(node["with"]) && node["with"]), [name]: name === relation ? true : { relation } },
  }));

/** Whether rows without a row of the relation at a place are left out. */
export const setRequired = (question: Asked, path: Path, required: boolean): Asked =>
  setMember(question, path, "required", required ? true : undefined);

/** Whether the rows of a list are counted at a place, under a name. */
export const hasCount = (question: Asked, path: Path, name: string): boolean =>
  hasName(question, path, "count", name);

export const toggleCount = (question: Asked, path: Path, name: string): Asked =>
  toggleName(question, path, "count", name);

/* What stands beside the tree */

export function setScope(question: Asked, scope: Scope | undefined): Asked {
  const { scope: _, ...others } = question;
  return normal({ ...others, ...(scope !== undefined && { scope }) });
}

/** A parameter as the URL has it; none where it is `undefined`. */
export function setParameter(question: Asked, name: string, text: string | undefined): Asked {
  const { [name]: _, ...others } = question.parameters;
  return normal({ ...question, parameters: text === undefined ? others : { ...others, [name]: text } });
}

export const hasFlag = ({ parameters }: Asked, name: string): boolean => parameters[name] === "";

/** A flag: asked for, refused, or not said. */
export const setFlag = (question: Asked, name: string, wish: boolean | undefined): Asked =>
  setParameter(question, name, wish === undefined ? undefined : wish ? "" : "F");

/** The same under another method, without what that does not take; `declared` are parameters of the resource itself. */
export function setMethod(question: Asked, method: Method, declared: readonly string[] = []): Asked {
  const { selector, parameters } = traitsOf(method);
  const takes: ReadonlySet<string> = selector;
  const { aggregate, select = {}, ...rest } = question;
  return normal({
    ...rest,
    method,
    parameters: kept(rest.parameters, (name) => parameters.has(name) || declared.includes(name)),
    select: kept(select, (key) => takes.has(key)),
    ...(aggregate !== undefined && method === METHOD_OF.read && { aggregate }),
  });
}

const kept = <T>(map: Readonly<Record<string, T>>, keeps: (name: string) => boolean): Record<string, T> =>
  Object.fromEntries(Object.entries(map).filter(([name]) => keeps(name)));

/** Has a write only tried out, or done. */
export function setDryRun(question: Asked, on: boolean): Asked {
  const { dryRun: _, ...done } = question;
  return normal(on ? { ...done, dryRun: true } : done);
}

export const setBody = (question: Asked, body: unknown): Asked => normal({ ...question, body });

/* Numbers about rows */

/** What is said of rows, and not of numbers about them. */
const OF_ROWS: readonly string[] = ["findFirst", "countTotal", "cursor", "can"];

/** Asks for numbers about the rows that were asked for. */
export function toNumbers({ select, ...question }: Asked): Asked {
  if (question.aggregate !== undefined) return question;
  const where = select?.["where"];
  return normal({
    ...question,
    method: METHOD_OF.read,
    parameters: kept(question.parameters, (name) => !OF_ROWS.includes(name)),
    aggregate: { count: true, ...(where !== undefined && { where }) },
  });
}

/** Asks for the rows whose numbers were asked for. */
export function toRows({ aggregate, ...question }: Asked): Asked {
  if (aggregate === undefined) return question;
  const where = aggregate["where"];
  return normal({ ...question, ...(where !== undefined && { select: { where } }) });
}

/** Whether rows are counted; in their place `count` may name columns. */
export const setCountRows = (question: Asked, counted: boolean): Asked =>
  setMember(question, [], "count", counted ? true : undefined);

/** Whether a function of a column is asked for. */
export const hasFunction = (question: Asked, figure: ColumnFunction, column: string): boolean =>
  hasName(question, [], figure, column);

export const toggleFunction = (question: Asked, figure: ColumnFunction, column: string): Asked =>
  toggleName(question, [], figure, column);

/** What is grouped by, the first first. */
export function groupsAt({ aggregate = {} }: Asked): readonly string[] {
  const { groupBy } = aggregate;
  return Array.isArray(groupBy) ? groupBy.filter((key) => typeof key === "string") : [];
}

/** What says something of groups, and nothing where there are none. */
const OF_GROUPS: readonly string[] = ["groupBy", "having", "orderBy", "limit", "offset", "timeZone"];

export function setGroups(question: Asked, groups: readonly string[]): Asked {
  const asked = changeNode(question, [], (node) =>
    groups.length > 0 ? { ...node, groupBy: groups } : kept(node, (key) => !OF_GROUPS.includes(key)),
  );
  return groups.length > 0 ? withoutLostOrder(asked, groups) : setFlag(asked, "countFiltered", undefined);
}

/** Groups are ordered by what they are grouped by, and by figures. */
function withoutLostOrder(question: Asked, groups: readonly string[]): Asked {
  const order = orderAt(question, []);
  const left = order.filter(({ key }) => groups.includes(key) || isFigure(key));
  return left.length === order.length ? question : setOrder(question, [], left);
}

const isFigure = (key: string): boolean =>
  key === "count" || FUNCTIONS.some((figure) => key.startsWith(`${figure}.`));

export const toggleGroup = (question: Asked, key: string): Asked => {
  const groups = groupsAt(question);
  return setGroups(
    question,
    groups.includes(key) ? groups.filter((other) => other !== key) : [...groups, key],
  );
};

export const setTimeZone = (question: Asked, zone: string): Asked =>
  setMember(question, [], "timeZone", zone === "" ? undefined : zone);
