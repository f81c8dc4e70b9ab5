import fc from "fast-check";
import { FUNCTIONS } from "./policy-aggregates.ts";
import { often, seldom, sometimes, withoutUndefined } from "./arbitrary.ts";
import {
  type AggregateSpec,
  areGrants,
  type Choice,
  chosen,
  type FactsSpec,
  type FileSpec,
  type Grant,
  type Method,
  METHODS,
  type NodeSpec,
  type ResourceSpec,
  type TopSpec,
  type Way,
} from "./policy-rules.ts";
import { targetOf } from "./policy-links.ts";
import { MASKABLE } from "./policy-rows.ts";
import { writableOf } from "./policy-bodies.ts";
import {
  FIELDS,
  HOUSE,
  HOUSE_TABLES,
  type HouseTable,
  PARENTS,
  SAYINGS,
  THROUGHS,
  TURNS,
} from "./written-once.ts";

// Random files of rules.

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

// --- files -----------------------------------------------------------------------------------------------------------

/** The resources of every file: some tables stand under two. */
export const RESOURCES: Readonly<Record<string, HouseTable>> = {
  tenants: "tenant",
  users: "user",
  people: "user",
  projects: "project",
  tasks: "task",
  todos: "task",
  comments: "comment",
  entries: "entry",
};
const resourcesOver = (table: HouseTable): readonly string[] =>
  Object.keys(RESOURCES).filter((id) => RESOURCES[id] === table);

/** What may be said in the files that are drawn. */
export interface Say {
  /** The filters an author may use. */
  readonly filters: (table: HouseTable) => readonly string[];
  /** The transitions. */
  readonly turns: (table: HouseTable) => readonly string[];
  /** Whether rules may lift what tables say. */
  readonly lifting: boolean;
  /** Whether computed fields may be given: they see what is masked. */
  readonly fields: boolean;
  /** Whether rules speak of what questions may ask: join tables, aggregates, depths, and all that may be forbidden. */
  readonly asks?: true;
}

export const ANYTHING: Say = {
  filters: (table) => Object.keys(SAYINGS[table]),
  turns: (table) => Object.keys(TURNS[table]),
  lifting: true,
  fields: true,
};

/** What is said in files of which questions alone are asked: rules for GET, with much that may be asked. */
export const ASKABLE: Say = { ...ANYTHING, asks: true };

const FACT_FILTERS = ["ours", "ours", "ours", "ours", "ours", "every", "open", "silent"];

/** What new rows of a table are given of who makes them. */
function sets(table: HouseTable): fc.Arbitrary<FactsSpec["set"]> {
  const all = Object.entries({ tenantId: "tenant", ownerId: "me", authorId: "me" } as const);
  return fc
    .subarray(all.filter(([name]) => name in HOUSE[table].columns))
    .map((some) => (some.length > 0 ? Object.fromEntries(some) : undefined));
}

function facts(table: HouseTable, say: Say): fc.Arbitrary<FactsSpec> {
  const { columns } = HOUSE[table];
  const filters = FACT_FILTERS.filter((name) => say.filters(table).includes(name));
  return fc
    .record({
      where: often(among(...filters)),
      set: sometimes(sets(table)),
      softDelete: "deletedAt" in columns ? often(fc.constant("deletedAt")) : fc.constant(undefined),
      version: "version" in columns ? often(fc.constant("version")) : fc.constant(undefined),
    })
    .map((given) => withoutUndefined(given) as FactsSpec);
}

/** Columns in grants, those of the key on every row. */
export function grants(
  table: HouseTable,
  maskable: readonly string[],
  whens: readonly string[],
): fc.Arbitrary<readonly Grant[]> {
  const all = Object.keys(HOUSE[table].columns);
  return fc
    .record({
      masked: fc.subarray([...maskable]),
      dropped: fc.oneof(fc.constant<string[]>([]), fc.subarray(all)),
      lists: fc.array(fc.record({ columns: fc.subarray(all), when: among(...whens) }), {
        minLength: 1,
        maxLength: 2,
      }),
    })
    .map(({ masked, dropped, lists }) => [
      { columns: all.filter((name) => !masked.includes(name) && !dropped.includes(name)) },
      ...lists.map(({ columns, when }) => ({
        columns: columns.filter((name) => maskable.includes(name) && !dropped.includes(name)),
        when,
      })),
    ])
    .map((list) => list.filter(({ columns }) => columns.length > 0))
    .map((list) => (list.length > 0 ? list : [{ columns: all }]));
}

function choice(table: HouseTable): fc.Arbitrary<Choice> {
  const columns = fc.subarray(Object.keys(HOUSE[table].columns));
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 2, arbitrary: columns.map((hidden) => ({ mode: false, columns: hidden })) },
    { weight: 2, arbitrary: columns.map((shown) => ({ mode: true, columns: shown })) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
}

const isMaskable = (table: HouseTable, name: string): boolean =>
  !HOUSE[table].key.includes(name) && name !== "version";

function select(table: HouseTable, say: Say): fc.Arbitrary<NodeSpec["select"]> {
  const maskable = Object.keys(HOUSE[table].columns).filter((name) => isMaskable(table, name));
  return fc.oneof(
    { weight: 1, arbitrary: choice(table) },
    { weight: 2, arbitrary: grants(table, maskable, say.filters(table)) },
  );
}

/** A direction, half of the time with a place for nulls. */
export const way: fc.Arbitrary<Way> = fc.oneof(
  among<Way>("asc", "desc", 1, -1),
  fc.record(
    { sort: among<"asc" | "desc">("asc", "desc"), nulls: among<"first" | "last">("first", "last") },
    { noNullPrototype: true },
  ),
);

/** The order of a rule: mostly by what may be masked, if anything is. */
const orders = (table: HouseTable, say: Say): fc.Arbitrary<NodeSpec["orderBy"]> => {
  const columns = Object.keys(HOUSE[table].columns).flatMap((name) => {
    const shares = MASKABLE[table].includes(name) ? 4 : 1;
    return Array.from({ length: shares }, () => name);
  });
  return fc
    .array(fc.tuple(among(...columns), say.asks === true ? way : among<Way>("asc", "desc")), {
      maxLength: 2,
    })
    .map((order) => (order.length > 0 ? Object.fromEntries(order) : undefined));
};

const parents = (table: HouseTable): fc.Arbitrary<NodeSpec["parent"]> =>
  seldom(
    fc
      .record(
        Object.fromEntries(
          PARENTS[table].map((name) => [name, among(...resourcesOver(HOUSE[table].relations[name]!.table))]),
        ),
        { requiredKeys: [], noNullPrototype: true },
      )
      .map((given) => given as Record<string, string>),
  );

type RelationChoice = boolean | string | NodeSpec;

function relations(table: HouseTable, depth: number, say: Say): fc.Arbitrary<NodeSpec["with"]> {
  const inner = Object.entries(HOUSE[table].relations).map(([name, { table: target }]) => [
    name,
    fc.oneof(
      {
        weight: 5,
        arbitrary: among<RelationChoice>(...resourcesOver(target)),
      },
      { weight: 1, arbitrary: among<RelationChoice>(true, false) },
      ...(depth > 0 ? [{ weight: 2, arbitrary: node(target, depth - 1, say) }] : []),
    ),
  ]);
  if (say.asks !== true)
    return fc
      .record(Object.fromEntries(inner), { requiredKeys: [], noNullPrototype: true })
      .map((given) => given as NonNullable<NodeSpec["with"]>);
  const passing = Object.entries(THROUGHS[table]).map(([name, way]) => [
    name,
    through(table, way, depth, say),
  ]);
  const all = [...inner, ...passing].map(([name, arbitrary]) => [name, often(arbitrary as never)]);
  return fc
    .record(Object.fromEntries(all), { noNullPrototype: true })
    .map((given) => withoutUndefined(given) as NonNullable<NodeSpec["with"]>);
}

/** A rule of a relation that passes a join table. */
function through(
  table: HouseTable,
  way: readonly [string, string],
  depth: number,
  say: Say,
): fc.Arbitrary<NodeSpec> {
  const join = HOUSE[table].relations[way[0]]!.table;
  const target = HOUSE[join].relations[way[1]]!.table;
  const rules = [
    { weight: 3, arbitrary: among<NodeSpec>(...resourcesOver(target).map((resource) => ({ resource }))) },
    { weight: 1, arbitrary: fc.constant<NodeSpec>({ select: true }) },
    ...(depth > 0 ? [{ weight: 3, arbitrary: node(target, depth - 1, say) }] : []),
  ];
  return fc
    .record({ rule: fc.oneof(...rules), throughWhere: sometimes(among(...say.filters(join))) })
    .map(({ rule, throughWhere }) => withoutUndefined({ ...rule, through: way, throughWhere }) as NodeSpec);
}

/** What may be aggregated: mostly all that is readable, else columns of its own, hidden ones among them. */
function aggregates(table: HouseTable): fc.Arbitrary<true | AggregateSpec> {
  const columns = fc
    .subarray(Object.keys(HOUSE[table].columns), { minLength: 2 })
    .map((some) => ({ mode: true, columns: some }));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant<true>(true) },
    {
      weight: 3,
      arbitrary: fc
        .record({
          functions: seldom(fc.subarray([...FUNCTIONS], { minLength: 3 })),
          columns: sometimes(columns),
          groupBy: sometimes(columns),
          minGroupSize: seldom(among(1, 2, 3)),
        })
        .map((given) => withoutUndefined(given) as AggregateSpec),
    },
  );
}

const lift = <T>(say: Say, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  say.lifting ? sometimes(arbitrary) : fc.constant(undefined);

/** What rules may forbid. */
const OLD_WORDS = ["columns", "offset", "limit", "where", "orderBy", "with"];
const NEW_WORDS = ["count", "required", "aggregate", "cursor"];

/** A rule of a relation. */
export function node(table: HouseTable, depth: number, say: Say): fc.Arbitrary<NodeSpec> {
  return fc
    .record({
      select: select(table, say),
      where: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constant("every") },
        { weight: 2, arbitrary: among(...say.filters(table)) },
      ),
      unrestricted: lift(say, among(true, true, undefined)),
      deleted: lift(say, among<"include" | "only" | undefined>("include", "only", undefined)),
      parent: parents(table),
      orderBy: orders(table, say),
      // Low ones cut lists short, of which there are few with many rows.
      maxLimit: say.asks === true ? sometimes(among(0, 1, 1, 1, 2, 50)) : seldom(among(0, 1, 2, 50)),
      forbid: fc.oneof(
        { weight: 9, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.subarray(say.asks === true ? [...OLD_WORDS, ...NEW_WORDS] : OLD_WORDS) },
      ),
      maxDepth: say.asks === true ? seldom(among(1, 2, 3)) : fc.constant(undefined),
      fields: say.fields ? sometimes(fc.subarray(Object.keys(FIELDS[table]))) : fc.constant(undefined),
      with: relations(table, depth, say),
      beyond: say.asks === true ? seldom(beyond) : fc.constant(undefined),
    })
    .map(({ beyond: drawn, ...given }) => {
      const further = drawn && keyBeyond(table, given as NodeSpec, drawn);
      const orderBy = further === undefined ? given.orderBy : { ...further, ...given.orderBy };
      return withoutUndefined({ ...given, orderBy }) as NodeSpec;
    });
}

/** A key of a rule's order that leads through a relation of its own, by number. */
interface Beyond {
  readonly relation: number;
  readonly column: number;
  readonly way: Way;
}
const beyond: fc.Arbitrary<Beyond> = fc.record({ relation: fc.nat(9), column: fc.nat(9), way });

function keyBeyond(
  table: HouseTable,
  node: NodeSpec,
  { relation, column, way: direction }: Beyond,
): NodeSpec["orderBy"] {
  const names = Object.keys(node.with ?? {}).filter((name) => node.with![name] !== false);
  if (names.length === 0) return undefined;
  const name = names[relation % names.length]!;
  const target = targetOf(table, node, name);
  const columns = Object.keys(HOUSE[target.table].columns);
  return { [`${name}.${target.many ? "count" : columns[column % columns.length]!}`]: direction };
}

/** What clients may set: of a new row mostly all, of others much on some rows only. */
function writes(table: HouseTable, method: Method, say: Say): fc.Arbitrary<TopSpec["write"]> {
  const columns = Object.keys(HOUSE[table].columns);
  const isNew = method === "POST";
  return fc.oneof<fc.MaybeWeightedArbitrary<TopSpec["write"]>[]>(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: isNew ? 5 : 0, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: choice(table) },
    { weight: isNew ? 1 : 4, arbitrary: grants(table, columns, say.filters(table)) },
  );
}

/** A rule at the top. One of everybody's lets something out, or what hangs on it could never be there. */
function top(
  table: HouseTable,
  method: Method,
  say: Say,
  { maybeSilent = true } = {},
): fc.Arbitrary<TopSpec> {
  const changes = method === "PATCH" || method === "POST";
  const never = fc.constant(undefined);
  const filters = say.filters(table);
  return fc
    .record({
      node: node(table, 1, say),
      aggregate: method === "GET" && say.asks === true ? often(aggregates(table)) : never,
      silent: fc.nat(method === "GET" ? 20 : 5).map((n) => n === 0 && (maybeSilent || method !== "GET")),
      write: changes ? writes(table, method, say) : never,
      check: changes ? seldom(among<true | string>(true, true, true, ...filters)) : never,
      transition:
        method === "PATCH" && say.turns(table).length > 0 ? sometimes(among(...say.turns(table))) : never,
      requireWhere: method === "PATCH" || method === "DELETE" ? fc.nat(12).map((n) => n === 0) : never,
      inject:
        method === "POST" && "tenantId" in HOUSE[table].columns
          ? seldom(fc.constant({ tenantId: "t2" }))
          : never,
    })
    .map(({ node: { select: shown, ...rest }, silent, ...given }) =>
      withoutUndefined({
        ...rest,
        ...(!(silent && (method !== "GET" || given.aggregate !== undefined)) && { select: shown }),
        ...given,
      } as TopSpec),
    );
}

const ROLES: Readonly<Record<Method, readonly string[]>> = {
  GET: ["boss", "staff", "mine", "guest"],
  POST: ["boss", "staff", "mine", "guest"],
  PATCH: ["boss", "staff", "mine"],
  DELETE: ["boss", "staff", "mine"],
};

function resource(table: HouseTable, say: Say): fc.Arbitrary<ResourceSpec> {
  const methods = say.asks === true ? (["GET"] as const) : METHODS;
  const control = methods.map((method) => {
    const rules = fc.tuple(
      fc.uniqueArray(fc.tuple(among(...ROLES[method]), top(table, method, say)), {
        minLength: method === "GET" ? 1 : 0,
        maxLength: 2,
        selector: ([role]) => role,
      }),
      say.asks === true ? top(table, method, say, { maybeSilent: false }) : often(top(table, method, say)),
    );
    return [
      method,
      rules.map(([some, all]) => Object.fromEntries(all === undefined ? some : [...some, ["all", all]])),
    ];
  });
  return fc
    .record({
      table: fc.constant(table),
      findFirst: seldom(fc.boolean()),
      countTotal: seldom(fc.boolean()),
      control: fc.record(Object.fromEntries(control), { noNullPrototype: true }),
    })
    .map((given) => withoutUndefined(given) as unknown as ResourceSpec);
}

/** A whole file that starts. */
export const file = (say: Say): fc.Arbitrary<FileSpec> =>
  fc
    .record({
      tables: fc.record(Object.fromEntries(HOUSE_TABLES.map((table) => [table, facts(table, say)])), {
        noNullPrototype: true,
      }),
      resources: fc.record(
        Object.fromEntries(Object.entries(RESOURCES).map(([id, table]) => [id, resource(table, say)])),
        { noNullPrototype: true },
      ),
    })
    .map((drawn) => fitting(drawn as FileSpec));

// --- one sight of each table -----------------------------------------------------------------------------------------

/** The columns of each table that are let out, and where. */
export type Sight = Readonly<Record<HouseTable, readonly Grant[]>>;

/** Aggregates of nothing but what is let out somewhere. */
function ofSeen(aggregate: true | AggregateSpec, shown: readonly string[]): true | AggregateSpec {
  if (aggregate === true) return true;
  const { columns, groupBy, ...rest } = aggregate;
  const seen = (choice: Choice): Choice => ({ mode: true, columns: chosen(choice, shown) });
  return {
    ...rest,
    ...(columns !== undefined && { columns: seen(columns) }),
    ...(groupBy !== undefined && { groupBy: seen(groupBy) }),
  };
}

/** A file in which a table is seen alike wherever it is met, and no change moves a row from one grant to another. */
export function everywhereSeenBy(drawn: FileSpec, sight: Sight): FileSpec {
  // An author's own order may speak of what he lets out nowhere: then the order tells, and that is his wish.
  const shown = (table: HouseTable): readonly string[] => sight[table].flatMap(({ columns }) => columns);
  const tells = (key: string, table: HouseTable, node: NodeSpec): boolean => {
    const [first, second] = key.split(".") as [string, string?];
    if (second === undefined) return shown(table).includes(first);
    return second === "count" || shown(targetOf(table, node, first).table).includes(second);
  };
  const seen = <N extends NodeSpec>({ orderBy, ...node }: N, table: HouseTable): N => ({
    ...(node as N),
    ...(orderBy !== undefined && {
      orderBy: Object.fromEntries(
        Object.entries(orderBy).filter(([key]) => tells(key, table, node as NodeSpec)),
      ),
    }),
    ...(node.select !== undefined && { select: sight[table] }),
    ...(node.aggregate !== undefined && { aggregate: ofSeen(node.aggregate, shown(table)) }),
    ...(node.with !== undefined && {
      with: mapped(node.with, (inner, name) => {
        const { table: target } = targetOf(table, node as NodeSpec, name);
        if (typeof inner === "object") return seen(inner, target);
        return inner === true ? { select: sight[target] } : inner;
      }),
    }),
  });
  const changing = (rule: TopSpec, table: HouseTable): TopSpec => {
    if (!areGrants(rule.write)) return { ...rule, write: { mode: true, columns: MASKABLE[table] } };
    const write = rule.write.map(({ columns, ...rest }) => ({
      ...rest,
      columns: columns.filter((name) => MASKABLE[table].includes(name)),
    }));
    return { ...rule, write: grantsOf(write) };
  };
  return {
    ...drawn,
    resources: mapped(drawn.resources, ({ table, control, ...entry }) => ({
      ...entry,
      table,
      control: mapped(control as Record<Method, Record<string, TopSpec>>, (rules, method) =>
        mapped(rules, (rule) => seen(method === "PATCH" ? changing(rule, table) : rule, table)),
      ),
    })),
  };
}

// --- what does not start is left out ---------------------------------------------------------------------------------

const mapped = <T, U>(
  given: Readonly<Record<string, T>>,
  to: (value: T, key: string) => U,
): Record<string, U> =>
  Object.fromEntries(Object.entries(given).map(([key, value]) => [key, to(value, key)]));

function fitting(drawn: FileSpec): FileSpec {
  return {
    tables: drawn.tables,
    resources: mapped(drawn.resources, (entry) => ({
      ...entry,
      control: mapped(entry.control as Record<Method, Record<string, TopSpec>>, (rules, method) =>
        mapped(rules, (rule, role) => fittingTop(drawn, entry.table, rule, method as Method, role)),
      ),
    })),
  };
}

function fittingNode(drawn: FileSpec, table: HouseTable, { deleted, ...rest }: NodeSpec): NodeSpec {
  const { with: inner } = rest;
  return {
    ...rest,
    // Nothing is deleted where the table does not say how.
    ...(deleted !== undefined && drawn.tables[table]?.softDelete !== undefined && { deleted }),
    ...(inner !== undefined && {
      with: mapped(inner, (given, name) =>
        typeof given === "object" ? fittingNode(drawn, targetOf(table, rest, name).table, given) : given,
      ),
    }),
  };
}

function fittingTop(
  drawn: FileSpec,
  table: HouseTable,
  rule: TopSpec,
  method: Method,
  role: string,
): TopSpec {
  const { deleted, write, requireWhere, ...rest } = { ...rule, ...fittingNode(drawn, table, rule) };
  const isDeletable = deleted !== undefined && drawn.tables[table]?.softDelete !== undefined;
  // A new row is not deleted, and what is deleted already is removed for good or not at all.
  const keeps =
    isDeletable && (method === "GET" || method === "PATCH" || (method === "DELETE" && deleted === "only"));
  const fit: TopSpec = {
    ...rest,
    ...(keeps && { deleted }),
    // A filter cannot be asked for and be forbidden.
    ...(requireWhere === true && rest.forbid?.includes("where") !== true && { requireWhere }),
    // A rule of one's own rows says which they are.
    ...(role === "mine" && method !== "POST" && rest.where === undefined && { where: "every" }),
  };
  return write === undefined ? fit : { ...fit, write: fittingWrite(drawn, table, fit, write, method) };
}

/** Without the columns that nobody may write, which a `write` must not name. */
function fittingWrite(
  drawn: FileSpec,
  table: HouseTable,
  rule: TopSpec,
  write: Choice | readonly Grant[],
  method: Method,
): Choice | readonly Grant[] {
  const writable = new Set(
    writableOf({ file: drawn }, table, { ...rule, write: everythingOf(table) }, method),
  );
  // A key that moves is settled elsewhere.
  if (method === "PATCH") for (const name of HOUSE[table].key) writable.delete(name);
  const fit = (columns: readonly string[]): readonly string[] => columns.filter((name) => writable.has(name));
  if (areGrants(write)) {
    const list = write.map((grant) => ({ ...grant, columns: fit(grant.columns) }));
    return grantsOf(list);
  }
  if (typeof write === "boolean")
    return write && method === "PATCH" ? { mode: true, columns: [...writable] } : write;
  const { softDelete } = drawn.tables[table] ?? {};
  // Who sees what is deleted may mostly restore it.
  const restored = rule.deleted !== undefined && softDelete !== undefined ? [softDelete] : [];
  return { mode: true, columns: fit([...chosen(write, Object.keys(HOUSE[table].columns)), ...restored]) };
}

/** Grants that let something out; a list of none is said as `false`. */
function grantsOf(list: readonly Grant[]): false | readonly Grant[] {
  const some = list.filter(({ columns }) => columns.length > 0);
  return some.length > 0 && some;
}

const everythingOf = (table: HouseTable): Choice => ({
  mode: true,
  columns: Object.keys(HOUSE[table].columns),
});
