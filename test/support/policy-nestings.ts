import fc from "fast-check";
import { writableOf } from "./policy-bodies.ts";
import { RESOURCES } from "./policy-arbitrary.ts";
import type { Nesting } from "./policy-nested.ts";
import { type Changing, rowsOf } from "./policy-questions.ts";
import type { FileSpec, Method, ResourceSpec, TopSpec } from "./policy-rules.ts";
import { type Caller, resolve, rolesOf } from "./policy-seat.ts";
import { HOUSE, type House, type HouseTable } from "./written-once.ts";
import type { Row } from "./model.ts";

// Random writes with parts of other resources, and files of rules that let them.

/** The relations that are joined by one column that refers to a key. */
const NESTS: Readonly<Record<HouseTable, readonly string[]>> = {
  tenant: [],
  user: ["manager", "reports", "projects", "tasks", "comments", "entries"],
  project: ["owner"],
  task: ["assignee"],
  comment: ["author"],
  entry: ["user"],
};

/** The resources of a table. */
const over = (table: HouseTable): readonly string[] =>
  Object.keys(RESOURCES).filter((id) => RESOURCES[id] === table);

/** The file with all that may be nested in it; what its author forbids of questions is settled elsewhere. */
export function nesting(file: FileSpec, n: number): FileSpec {
  const each = (entry: ResourceSpec): ResourceSpec => ({
    ...entry,
    control: Object.fromEntries(
      Object.entries(entry.control).map(([method, rules]) => [
        method,
        Object.fromEntries(
          Object.entries(rules).map(([role, { forbid, ...rule }]) => {
            void forbid;
            const nest = nestsOf(file, entry.table, rule, method as Method, n);
            return [role, nest === undefined ? rule : { ...rule, nest }];
          }),
        ),
      ]),
    ),
  });
  return {
    ...file,
    resources: Object.fromEntries(Object.entries(file.resources).map(([id, entry]) => [id, each(entry)])),
  };
}

function nestsOf(
  file: FileSpec,
  table: HouseTable,
  rule: TopSpec,
  method: Method,
  n: number,
): Record<string, string> | undefined {
  if (method !== "POST" && method !== "PATCH") return undefined;
  const pairs = NESTS[table].flatMap((name, i) => {
    const { many, table: target, on } = HOUSE[table].relations[name]!;
    const resource = over(target)[(n + i) % over(target).length]!;
    const [[source, key]] = on as [readonly [string, string]];
    const holder = many ? target : table;
    // What is true of a table is settled by its own laws.
    if (Object.hasOwn(file.tables[holder]?.set ?? {}, many ? key : source)) return [];
    const { control } = file.resources[resource]!;
    const possible = [
      "POST",
      many ? "PATCH" : "GET",
      ...(many && method === "PATCH" ? ["DELETE"] : []),
    ] as const;
    if (!possible.some((one) => Object.keys(control[one as Method] ?? {}).length > 0)) return [];
    if (!many && !writableOf({ file }, table, rule, method).includes(source)) return [];
    return [[name, resource] as const];
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/** A nested write by number. */
export interface NestingDrawn {
  readonly caller: Caller;
  readonly n: number;
  readonly parts: readonly { readonly at: number; readonly word: number; readonly n: number }[];
}

export const nestingDrawn = (caller: fc.Arbitrary<Caller>): fc.Arbitrary<NestingDrawn> =>
  fc.record({
    caller,
    n: fc.nat(9999),
    parts: fc.array(fc.record({ at: fc.nat(99), word: fc.nat(99), n: fc.nat(999) }), {
      minLength: 1,
      maxLength: 3,
    }),
  });

/** Where a nested write is made, and of what. */
export interface NestingScene {
  readonly file: FileSpec;
  readonly house: House;
  readonly changes: readonly Changing[];
}

/** A rule that lets something be nested in what is written under it. */
interface Nester {
  readonly resource: string;
  readonly method: "POST" | "PATCH";
  readonly nest: Readonly<Record<string, string>>;
}

/** All of them for a caller. */
function nestersFor(file: FileSpec, caller: Caller): readonly Nester[] {
  return Object.keys(RESOURCES).flatMap((resource) =>
    (["POST", "PATCH"] as const).flatMap((method) => {
      const nest = resolve(file, resource, method, rolesOf(caller))?.rule.nest;
      // A row to change is named by one column.
      const isNamed = method === "POST" || HOUSE[RESOURCES[resource]!].key.join() === "id";
      return nest === undefined || !isNamed ? [] : [{ resource, method, nest }];
    }),
  );
}

/** It, as a client sends it: the k-th try. */
export function nestingOf(scene: NestingScene, drawn: NestingDrawn, k: number): Nesting | undefined {
  const { file, house } = scene;
  const { caller, n, parts } = drawn;
  const nesters = nestersFor(file, caller);
  if (nesters.length === 0) return undefined;
  const { resource, method, nest } = nesters[(n + k) % nesters.length]!;
  const table = RESOURCES[resource]!;
  const { relations } = HOUSE[table];
  const names = Object.keys(nest);
  const named = parts.map((part) => ({ ...part, name: names[(part.at + k) % names.length]! }));
  const held = named.flatMap(({ name }) => (relations[name]!.many ? [] : [relations[name]!.on[0]![0]]));
  const body = (id: string, how: "POST" | "PATCH", by: number): Row =>
    bodyFor(scene, caller, { resource: id, method: how, by });
  // Half of the changes are of nothing but what is nested.
  const own = method === "PATCH" && n % 4 === 0 ? {} : body(resource, method, n + k);
  const nested = named.map(({ name, word, n: by }) => {
    const { many, table: target, on } = relations[name]!;
    const key = many && by % 41 !== 0 ? on[0]![1] : "";
    const making: Making = {
      id: (i) => (by % 13 < 12 ? keyAt(house[target], by + i) : "nobody"),
      make: (i) => without(body(nest[name]!, "POST", by + i + k), [key]),
      change: (i) => without(body(nest[name]!, "PATCH", by + i + k), [key]),
    };
    return [name, many ? listPart(method, word, making) : onePart(method, word, making)] as const;
  });
  return {
    method,
    resource,
    ...(method === "PATCH" && { id: keyAt(house[table], n + k) }),
    body: { ...without(own, n % 37 === 0 ? [] : held), ...Object.fromEntries(nested) },
  };
}

/** The key of a row, by number; of none where there is none. */
const keyAt = (rows: readonly Row[], n: number): string =>
  (rows[n % Math.max(1, rows.length)]?.["id"] as string | undefined) ?? "nobody";

const without = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));

/** A body of one of the writes that are drawn. */
function bodyFor(
  { file, changes }: NestingScene,
  caller: Caller,
  {
    resource,
    method,
    by,
  }: { readonly resource: string; readonly method: "POST" | "PATCH"; readonly by: number },
): Row {
  const drawn = changes[by % changes.length]!;
  const [row] = rowsOf(file, { ...drawn, resource, caller, scope: undefined, asList: false, method });
  return JSON.parse(JSON.stringify(row)) as Row;
}

interface Making {
  readonly id: (i: number) => string;
  readonly make: (i: number) => Row;
  readonly change: (i: number) => Row;
}

/** One of many ways, made when its turn is. */
const oneOf = (ways: readonly (() => unknown)[], n: number): unknown => ways[n % ways.length]!();

function listPart(method: "POST" | "PATCH", word: number, { id, make, change }: Making): unknown {
  const ways: readonly (() => unknown)[] = [
    () => [make(0)],
    () => [make(0), make(1)],
    () => ({ create: [make(0)], connect: [{ id: id(0) }] }),
    () => ({ connect: [{ id: id(0) }] }),
    () => ({ connect: [{ id: id(0) }, { id: id(1) }] }),
    ...(method === "POST" && word < 97
      ? []
      : [
          () => ({ disconnect: [{ id: id(0) }] }),
          () => ({ set: [] }),
          () => ({ delete: [{ id: id(0) }] }),
          () => ({ update: [{ where: { id: id(0) }, body: change(0) }] }),
          () => ({ delete: [{ id: id(0) }], create: [make(0)] }),
        ]),
  ];
  return oneOf(ways, word);
}

function onePart(method: "POST" | "PATCH", word: number, { id, make, change }: Making): unknown {
  const ways: readonly (() => unknown)[] = [
    () => ({ create: make(0) }),
    () => ({ connect: { id: id(0) } }),
    () => ({ connect: { id: id(1) } }),
    ...(method === "POST" && word < 97 ? [] : [() => ({ disconnect: true }), () => ({ update: change(0) })]),
  ];
  return oneOf(ways, word);
}
