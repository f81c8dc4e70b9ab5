import { afterAll, expect, test } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Access, AccessColumn, AccessNode, AccessRelation, AccessRule } from "@bepalo/query";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { OPERATORS } from "../../src/operator/operator.ts";
import { readCatalog, type ColumnInfo, type TableInfo } from "../../src/schema/schema.ts";
import { DATABASES } from "../support/databases.ts";
import { Dice } from "../support/dice.ts";
import { PATIENCE, runs } from "../support/laws.ts";
import * as schema from "../support/schema.ts";

// Whatever `$access` tells a caller is answered when he asks for it, and whatever it does not tell is refused: random
// files of rules, random callers. The tables are empty, so that only rules can refuse.

const { seed, numRuns } = runs(5);
const catalog = readCatalog(schema);
const TABLES = ["author", "article", "comment", "articleTag", "sample"] as const;
const METHODS = ["GET", "POST", "PATCH", "DELETE"] as const;
const SCOPES = ["none", "mine", "guest", "mine|guest"] as const;
/** Who reads it may have to fix a key, so that no list stands under its rules. */
const KEYED = "one";
const RESOURCES = ["one", "two", "three", "four"];
const CALLERS = [[], ["a"], ["b"], ["b", "a"]] as const;
const KEYS = ["columns", "where", "orderBy", "limit", "offset", "with"] as const;

const { database, close } = await DATABASES["bun:sqlite"]();
afterAll(() => close());

// --- random files ---------------------------------------------------------------------------------------------------

/** A file of rules; not every one starts. */
function fileOf(dice: Dice): Record<string, any> {
  const tables = Object.fromEntries(RESOURCES.map((name) => [name, dice.pick(TABLES)]));
  return Object.fromEntries(
    RESOURCES.map((name) => {
      const table = catalog.get(tables[name]!)!;
      const ruled = ["GET", ...dice.some(["HEAD", "POST", "PATCH", "DELETE"], 0.6)].map((method) => {
        const roles = dice.some(["a", "b", "mine", "guest", "all"], 0.4);
        if (method === "GET" && roles.length === 0) roles.push("all");
        const byRole = roles.map((role) => [role, ruleOf(dice, table, tables, method, role, name === KEYED)]);
        return [method, Object.fromEntries(byRole)];
      });
      return [
        name,
        {
          table: table.name,
          ...(dice.chance(0.2) && { findFirst: dice.chance(0.5) }),
          ...(dice.chance(0.4) && { maxDepth: dice.between(0, 3) }),
          ...(dice.chance(0.4) && { params: { [dice.pick(["org", "team"])]: TEXT } }),
          control: Object.fromEntries(ruled),
        },
      ];
    }),
  );
}

const TEXT = z.string().optional();
const where = (): boolean => true;

function ruleOf(
  dice: Dice,
  table: TableInfo,
  tables: object,
  method: string,
  role: string,
  keyed: boolean,
): object {
  const writes = method === "POST" || method === "PATCH";
  const node = nodeOf(dice, table, tables, 2);
  const filters = method !== "POST" && node["forbidQuery"]?.where !== true;
  const selectsKey = node["select"] === true || Array.isArray(node["select"]);
  const key = selectsKey && (method !== "GET" || keyed) && dice.chance(0.5);
  return {
    ...node,
    ...(role === "mine" && { where }),
    // No row is ever made, so that no other stands in the way of a change.
    ...(method === "POST" && { check: (): boolean => false }),
    ...(writes &&
      dice.chance(0.6) && { write: dice.chance(0.3) ? grantsOf(dice, table) : choiceOf(dice, table) }),
    ...(filters && dice.chance(keyed ? 0.6 : 0.3) && { requireWhere: key ? "key" : true }),
  };
}

function nodeOf(dice: Dice, table: TableInfo, tables: object, depth: number): Record<string, any> {
  const choice = dice.between(0, 9);
  const select =
    choice === 0 ? undefined : choice < 4 ? true : choice < 7 ? grantsOf(dice, table) : choiceOf(dice, table);
  const relations = [...table.relations.values()].map(({ name, target, kind }) => {
    const resources = Object.entries(tables).flatMap(([resource, of]) =>
      of === target.name && (kind === "one" || resource !== KEYED) ? [resource] : [],
    );
    const borrowed = resources.length > 0 && dice.chance(0.6);
    const own = depth > 0 && dice.chance(0.5) ? nodeOf(dice, target, tables, depth - 1) : dice.chance(0.7);
    return [name, borrowed ? dice.pick(resources) : own];
  });
  return {
    ...(select !== undefined && { select }),
    ...(dice.chance(0.3) && { maxDepth: dice.between(0, 2) }),
    ...(dice.chance(0.3) && {
      forbidQuery: Object.fromEntries(dice.some(KEYS, 0.25).map((key) => [key, true])),
    }),
    ...(table.primaryKey.length > 0 && dice.chance(0.2) && { extras: { more: sql`1`.as("more") } }),
    with: Object.fromEntries(dice.some(relations as [string, unknown][], 0.6)),
  };
}

const namesOf = ({ columns }: TableInfo): string[] => [...columns.keys()];
const choiceOf = (dice: Dice, table: TableInfo): object => ({ columns: dice.some(namesOf(table)) });
function grantsOf(dice: Dice, table: TableInfo): object {
  const keys = table.primaryKey.map(({ name }) => name);
  const names = namesOf(table).filter((name) => !keys.includes(name));
  return [{ columns: [...keys, ...dice.some(names)] }, { columns: dice.some(names), when: where }];
}

// --- questions ------------------------------------------------------------------------------------------------------

const VALUES: Readonly<Record<string, unknown>> = {
  text: "a",
  integer: 1,
  number: 1.5,
  decimal: "1.5",
  bigint: "7",
  boolean: true,
  date: "2025-01-31T09:00:00.000Z",
  json: { a: 1 },
  blob: "AAE=",
  custom: { x: 1, y: 2 },
};
function valueOf({ name, kind }: ColumnInfo): unknown {
  if (name === "role") return "writer";
  return name === "choice" ? "a" : VALUES[kind];
}

/** What may stand on an operator's right. */
function operandOf(name: string, column: ColumnInfo): unknown {
  const value = valueOf(column);
  switch (OPERATORS.get(name)!.operand) {
    case "scalar":
      return value;
    case "list":
    case "elements":
      return [value];
    case "pair":
      return [value, value];
    case "flag":
      return true;
    case "json":
      return { path: ["a", 0], ne: 1 };
    default:
      return "a";
  }
}

/** What was asked, and whether a caller may. */
class Asking {
  readonly #handle: QueryHandler;
  readonly #caller: readonly string[];
  asked = 0;
  answered = 0;

  constructor(handle: QueryHandler, caller: readonly string[]) {
    this.#handle = handle;
    this.#caller = caller;
  }

  async send(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const headers = { "x-roles": JSON.stringify(this.#caller), "content-type": "application/json" };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await this.#handle(new Request(`http://local/query/${path}`, init));
    const text = await response.text();
    this.asked++;
    if (response.status < 400) this.answered++;
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** Asks, and finds that it is answered where it is told, and refused where not. */
  async expect(told: boolean, method: string, path: string, body?: unknown): Promise<void> {
    const answer = await this.send(method, path, body);
    const wrong = told ? answer.status >= 400 : answer.status < 400;
    if (wrong)
      throw new Error(
        `${told ? "told" : "not told"}: ${method} ${path} as [${this.#caller.join()}]: ${JSON.stringify(answer)}`,
      );
    expect(answer.status).toBeLessThan(500);
  }
}

/** One rule as it is told, and how its questions are asked. */
class Questions {
  readonly rule: AccessRule;
  readonly #access: Access;
  readonly #table: TableInfo;
  readonly #asking: Asking;
  readonly #dice: Dice;
  readonly #method: string;
  readonly #start: string;
  readonly #body: unknown;

  constructor(
    rule: AccessRule,
    given: { access: Access; table: TableInfo; asking: Asking; dice: Dice; method: string; start: string },
  ) {
    this.rule = rule;
    this.#access = given.access;
    this.#table = given.table;
    this.#asking = given.asking;
    this.#dice = given.dice;
    this.#method = given.method;
    this.#start = given.start;
    const [writable] = Object.entries(rule.columns).find(([, { writable: set }]) => set) ?? [];
    this.#body = this.#method === "PATCH" && writable ? this.#cell(writable) : undefined;
  }

  #cell(name: string): object {
    return { [name]: valueOf(this.#table.columns.get(name)!) };
  }

  /** Whether it can be asked at all: a change must change something, and a filter must be possible. */
  get possible(): boolean {
    if (this.#method === "PATCH" && this.#body === undefined) return false;
    return this.rule.requireWhere === undefined || this.#base() !== undefined;
  }

  #url(selector: object, flags = ""): string {
    return `${this.#start}${flags}&select=${encodeURIComponent(stringify(selector))}`;
  }

  /** A filter such as the rule asks for. */
  #base(): object | undefined {
    const { requireWhere, keys = [[]] } = this.rule;
    if (requireWhere === "key") return Object.assign({}, ...keys[0]!.map((name) => this.#cell(name)));
    return requireWhere === true ? this.#someFilter(this.rule, this.#table) : undefined;
  }

  #someFilter({ columns }: AccessNode, table: TableInfo): object | undefined {
    for (const [name, column] of Object.entries(columns)) {
      const [operator] = column.filterable ? this.#operators(column) : [];
      if (operator !== undefined)
        return { [`${name}.${operator}`]: operandOf(operator, table.columns.get(name)!) };
    }
    return undefined;
  }

  #operators(column: AccessColumn): readonly string[] {
    return column.operators ?? this.#access.operators?.[column.kind] ?? [];
  }

  #selector(part: object = {}): object {
    const base = this.#base();
    const { where: filter, ...rest } = part as { where?: object };
    const both = base === undefined ? filter : filter === undefined ? base : { AND: [base, filter] };
    return both === undefined ? rest : { ...rest, where: both };
  }

  ask(told: boolean, part: object, flags?: string): Promise<void> {
    return this.#asking.expect(told, this.#method, this.#url(this.#selector(part), flags), this.#body);
  }

  /** Everything that may stand at the top, and much that may not. */
  async all(): Promise<void> {
    const { takes, columns, extras } = this.rule;
    await this.ask(true, {});
    await this.ask(takes.includes("columns"), { columns: false });
    if (!this.rule.takes.includes("where")) await this.ask(false, { where: { id: 1 } });
    await this.ask(takes.includes("limit"), { limit: 1 });
    await this.ask(takes.includes("offset"), { offset: 1 });
    for (const [name, column] of this.#table.columns) {
      const told = columns[name] ?? ({} as AccessColumn);
      await this.ask(takes.includes("columns") && told.readable === true, { columns: { [name]: true } });
      if (this.#dice.chance(0.4)) await this.ask(told.sortable === true, { orderBy: { [name]: "desc" } });
      for (const operator of this.#dice.some([...OPERATORS.keys()], 0.25)) {
        const may = told.filterable === true && this.#operators(told).includes(operator);
        await this.ask(may, { where: { [`${name}.${operator}`]: operandOf(operator, column) } });
      }
    }
    await this.ask(takes.includes("columns") && extras.includes("more"), { columns: { more: true } });
    await this.flags();
    await this.relations(this.rule, this.#table, this.rule.limits.maxDepth, (inner) => inner, 2);
  }

  async flags(): Promise<void> {
    for (const name of ["org", "team"]) await this.ask(this.rule.params.includes(name), {}, `&${name}=x`);
    if (this.#method !== "GET") return;
    const { findFirst } = this.#access.resources[this.#start.split("?")[0]!]!;
    await this.ask(findFirst !== false, {}, "&findFirst");
    await this.ask(findFirst !== true, {}, "&findFirst=F");
  }

  /** The relations from a place on, which a selector leads to. */
  async relations(
    node: AccessNode,
    table: TableInfo,
    depth: number,
    around: (selector: object) => object,
    levels: number,
  ): Promise<void> {
    for (const { name, target, kind } of table.relations.values()) {
      const told = depth > 0 ? node.relations[name] : undefined;
      const one = told && this.#resolved(told);
      const filter = one?.requireWhere === true ? this.#someFilter(one, target) : undefined;
      if (one?.requireWhere === true && filter === undefined) continue;
      const base = {
        ...(filter !== undefined && { where: filter }),
        ...(one?.takes.includes("limit") && { limit: 1 }),
      };
      const within = (inner: object): object => around({ with: { [name]: { ...base, ...inner } } });
      await this.ask(one !== undefined, within({}));
      if (one === undefined) continue;
      expect(told!.kind).toBe(kind);
      for (const key of ["offset", "limit"] as const)
        await this.ask(one.takes.includes(key), within({ [key]: 1 }));
      await this.ask(one.takes.includes("required"), within({ required: true }));
      await this.ask(
        one.takes.includes("relation"),
        around({ with: { other: { ...base, relation: name } } }),
      );
      for (const [columnName, column] of target.columns) {
        const { readable, filterable, sortable } = one.columns[columnName] ?? ({} as AccessColumn);
        const takes = (key: "columns" | "where" | "orderBy"): boolean => one.takes.includes(key);
        await this.ask(takes("columns") && readable === true, within({ columns: { [columnName]: true } }));
        const check = { [`${columnName}.isNull`]: operandOf("isNull", column) };
        if (filter === undefined)
          await this.ask(takes("where") && filterable === true, within({ where: check }));
        await this.ask(takes("orderBy") && sortable === true, within({ orderBy: { [columnName]: "asc" } }));
      }
      const left = Math.min(depth - 1, told!.limits.maxDepth);
      if (levels > 1) await this.relations(one, target, left, within, levels - 1);
    }
  }

  /** A relation with what its resource's rule says. */
  #resolved(relation: AccessRelation): AccessNode {
    if (relation.resource === undefined) return relation;
    const rule = ruleOfResource(this.#access, relation.resource);
    const { takes, requireWhere } = relation;
    const { columns, extras, relations } = rule;
    return { takes, columns, extras, relations, ...(requireWhere && { requireWhere }) };
  }
}

const ruleOfResource = (access: Access, resource: string): AccessRule =>
  access.resources[resource]!.rules.find(
    ({ methods, scopes }) => methods.includes("GET") && scopes.includes("none"),
  )!;

/** Every relation that is told is one that some question gets to, as deep as the places above leave it. */
function expectReached(access: Access): void {
  const told = Object.values(access.resources).flatMap(({ rules }) => rules);
  const reached = new Map<AccessNode | AccessRelation, number>();
  const walk = (node: AccessNode, depth: number): void => {
    if (depth <= (reached.get(node) ?? -1)) return;
    reached.set(node, depth);
    for (const relation of depth > 0 ? Object.values(node.relations) : []) {
      const left = Math.min(depth - 1, relation.limits.maxDepth);
      if (relation.resource === undefined) walk(relation, left);
      else walk(ruleOfResource(access, relation.resource), left);
      if (!reached.has(relation)) reached.set(relation, left);
    }
  };
  for (const rule of told) walk(rule, rule.limits.maxDepth);
  const missed = (node: AccessNode, path: string): readonly string[] =>
    Object.entries(node.relations).flatMap(([name, relation]) => [
      ...(reached.has(relation) ? [] : [`${path}.${name}`]),
      ...(relation.resource === undefined ? missed(relation, `${path}.${name}`) : []),
    ]);
  expect(told.flatMap((rule) => missed(rule, rule.methods.join()))).toEqual([]);
}

/** A file of which a handler could be made. */
function started(dice: Dice): { acl: Record<string, any>; handle: QueryHandler } {
  for (let attempt = 0; attempt < 100; attempt++) {
    const acl = fileOf(dice);
    try {
      const handle = createQueryHandler({
        acl,
        database,
        schema,
        access: true,
        defaults: { maxCost: null, maxWork: null },
        onWarning: () => undefined,
        session: { getRole: (request) => JSON.parse(request.headers.get("x-roles")!) as string[] },
      });
      return { acl, handle };
    } catch (error) {
      expect((error as Error).message).toStartWith("the access-control file has mistakes:");
    }
  }
  throw new Error("no file could be started");
}

/** What a refused method or scope is answered. */
const REFUSED = ["unauthenticated", "forbidden", "unknown-resource", "method-not-allowed"];
/** HEAD tells nothing but its status. */
const REFUSED_STATUS = [401, 403, 404, 405];

const seen = { asked: 0, answered: 0, rules: 0, relations: 0 };

async function tryCaller(
  dice: Dice,
  acl: Record<string, any>,
  handle: QueryHandler,
  caller: readonly string[],
): Promise<void> {
  const asking = new Asking(handle, caller);
  const access = (await asking.send("GET", "$access")).body as Access;
  expectReached(access);
  for (const resource of RESOURCES) {
    const table = catalog.get(acl[resource].table as string)!;
    const told = access.resources[resource];
    for (const method of ["HEAD", ...METHODS] as const) {
      const rules = told?.rules.filter(({ methods }) => methods.includes(method)) ?? [];
      expect(told?.methods.includes(method) ?? false).toBe(rules.length > 0);
      for (const scope of SCOPES) {
        const matching = rules.filter(({ scopes }) => scopes.includes(scope));
        expect(matching.length).toBeLessThanOrEqual(1);
        const [rule] = matching;
        const start = `${resource}?${scope === "none" ? "" : scope}`;
        const plain = await asking.send(
          method,
          start,
          method === "POST" || method === "PATCH" ? {} : undefined,
        );
        const refused =
          method === "HEAD"
            ? REFUSED_STATUS.includes(plain.status)
            : REFUSED.includes(plain.body.code as string);
        if (refused !== (rule === undefined))
          throw new Error(
            `${method} ${start} as [${caller.join()}] is ${plain.status}, told ${rule !== undefined}`,
          );
        if (rule === undefined || method === "HEAD" || !dice.chance(0.1)) continue;
        const questions = new Questions(rule, { access, table, asking, dice, method, start });
        seen.rules++;
        seen.relations += Object.keys(rule.relations).length;
        if (method === "POST") await tryBody(asking, start, rule, table);
        else if (questions.possible) await questions.all();
      }
    }
  }
  seen.asked += asking.asked;
  seen.answered += asking.answered;
}

/** A column that a body may not set is unknown; whether a row is complete is no matter of rules. */
async function tryBody(asking: Asking, start: string, rule: AccessRule, table: TableInfo): Promise<void> {
  const required = [...table.columns.values()].map((column) => [column.name, valueOf(column)] as const);
  for (const [name, value] of required) {
    const { status, body } = await asking.send("POST", start, { [name]: value });
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
    expect([name, body.code === "unknown-column"]).toEqual([
      name,
      rule.columns[name]?.writable === undefined,
    ]);
  }
  const selects = (part: object): string => `${start}&select=${encodeURIComponent(stringify(part))}`;
  const code = async (part: object): Promise<unknown> =>
    (await asking.send("POST", selects(part), [])).body.code;
  for (const key of KEYS) {
    const given = { columns: false, where: { id: 1 }, orderBy: { id: "asc" }, limit: 1, offset: 1, with: {} }[
      key
    ];
    const refused = ["invalid-value", "capability-forbidden"].includes(
      (await code({ [key]: given })) as string,
    );
    expect([key, refused]).toEqual([key, !rule.takes.includes(key)]);
  }
}

test(
  "`$access` tells all that is answered, and nothing that is not",
  async () => {
    for (let run = 0; run < numRuns; run++) {
      const dice = new Dice(seed + run);
      const { acl, handle } = started(dice);
      for (const caller of CALLERS) {
        try {
          await tryCaller(dice, acl, handle, caller);
        } catch (error) {
          throw new Error(`LAW_SEED=${seed}, file ${run}, caller [${caller.join()}]`, { cause: error });
        }
      }
    }
    console.log("$access:", seen, `seed ${seed}`);
    expect(seen.rules).toBeGreaterThan(numRuns * 3);
    expect(seen.relations).toBeGreaterThan(numRuns);
    expect(seen.answered).toBeGreaterThan(seen.asked / 10);
    expect(seen.asked).toBeGreaterThan(numRuns * 300);
  },
  PATIENCE,
);
