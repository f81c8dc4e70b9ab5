import { afterAll, beforeAll, expect, test } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import type { QueryHandler } from "@bepalo/query";
import { OPERATORS } from "../../src/operator/operator.ts";
import { everywhere, type Place } from "../support/everywhere.ts";
import { FACTOR, PATIENCE } from "../support/laws.ts";
import {
  CALLERS,
  columnsOf,
  fillMasked,
  grantsOf,
  isShown,
  maskedNames,
  maskedTables,
  PEOPLE,
  sent,
  session,
} from "../support/masked.ts";
import { isLeftOut } from "../support/postgresql.ts";

/** Rules of people some of whose cells are masked, and of shadows of whom these cells are not there. */
function rulesOf(place: Place): object {
  const columns = columnsOf(place);
  const people = { select: grantsOf(columns) };
  const shadows = {
    select: { columns: new Set(columns) },
    // oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
    where: ({ me }: { me: number }, t: any, { eq }: any) => eq(t.caller, me),
  };
  const ruled = (rule: object): object => ({
    GET: { all: { ...rule, with: { boss: { ...rule, with: { reports: rule } }, reports: rule } } },
  });
  return {
    people: { table: "person", control: ruled(people) },
    shadows: { table: "shadow", control: ruled(shadows) },
  };
}

type Row = Record<string, unknown>;

/** The questions of both are one, and so are the answers, but that people's say what is masked. */
class Compared {
  readonly #place: Place;
  readonly #handle: QueryHandler;
  asked = 0;
  accepted = 0;

  constructor(place: Place, handle: QueryHandler) {
    this.#place = place;
    this.#handle = handle;
  }

  async ask(me: number, select: object, ...flags: readonly string[]): Promise<number> {
    const query = [`select=${encodeURIComponent(stringify(select))}`, ...flags].join("&");
    const [people, shadows] = await Promise.all(
      ["people", "shadows"].map((name) => sent(this.#handle, me, "GET", `${name}?${query}`)),
    );
    this.asked++;
    const rows: unknown = people!.body.people;
    this.#untell(rows, me);
    const { people: found, ...rest } = people!.body;
    const { shadows: expected, ...others } = shadows!.body;
    const asked = { me, select, status: shadows!.status };
    if (shadows!.status !== 200) {
      expect({ ...asked, status: people!.status, code: rest.code }).toEqual({ ...asked, code: others.code });
      return people!.status;
    }
    expect({ ...asked, status: people!.status, rest, found }).toEqual({
      ...asked,
      rest: others,
      found: expected,
    });
    this.accepted++;
    return 200;
  }

  /** Takes `$masked` out of rows, once it has said what it must. */
  #untell(rows: unknown, me: number): void {
    for (const row of (Array.isArray(rows) ? rows : [rows]).filter((one) => one) as Row[]) {
      const names = maskedNames(this.#place).filter((name) => name in row);
      const id = row["id"] as number | undefined;
      if (id !== undefined) {
        const masked = names.filter((name) => !isShown(name, id, me));
        expect([id, row["$masked"]]).toEqual([id, masked.length === 0 ? undefined : masked]);
      }
      delete row["$masked"];
      for (const name of ["boss", "reports"]) if (name in row) this.#untell(row[name], me);
    }
  }
}

/** What may stand on the right of operators, of a column whose values, as JSON, are these. */
function operandsOf(operator: string, values: readonly unknown[]): readonly unknown[] {
  const [first, second = first] = values;
  switch (OPERATORS.get(operator)!.operand) {
    case "scalar":
      return [first, null];
    case "list":
      return [[first], []];
    case "pair":
      return [[first, second]];
    case "flag":
      return [true, false];
    case "elements":
      return [Array.isArray(first) ? first.slice(0, 1) : [first], []];
    case "json":
      return insideOf(first);
    default:
      return ["%1%", "a"];
  }
}

/** What is asked of a value inside a document, if it is one. */
function insideOf(value: unknown): readonly object[] {
  const [[key, inner] = ["a", 1]] = Object.entries(typeof value === "object" && value !== null ? value : {});
  const path = [Array.isArray(value) ? Number(key) : key];
  return [
    { path, ne: typeof inner === "object" ? "a" : (inner as unknown) },
    { path, isNull: true },
  ];
}

/** Where every filter is asked; other readers and drivers of the same databases, to which SQL is one, are asked some. */
const THOROUGH: ReadonlySet<string> = new Set([
  "libsql file",
  isLeftOut("node-postgres") ? "PGlite" : "node-postgres",
]);
const isThorough = ({ name, reader }: Place): boolean =>
  FACTOR > 1 || (THOROUGH.has(name) && reader === "fast");
const askersOf = (place: Place): readonly number[] => (isThorough(place) ? CALLERS : CALLERS.slice(1, 2));

/** A condition as it stands in filters: each is asked in half of the ways, so each operator in all. */
const filtersOf = (condition: object, other: object, turn: number): readonly object[] =>
  turn === 0
    ? [condition, { NOT: { AND: [{ NOT: condition }, { OR: [other, { "id.gt": 4 }] }] } }]
    : [{ NOT: condition }, { OR: [{ NOT: { OR: [condition, other] } }, { id: 2 }] }];

everywhere(maskedTables, {}, (place) => {
  let handle: QueryHandler;
  let compared: Compared;
  const valuesOf = new Map<string, readonly unknown[]>();
  beforeAll(async () => {
    await fillMasked(place);
    const options = { session, defaults: { maxWork: null } } as never;
    handle = place.handler(rulesOf(place), options);
    compared = new Compared(place, handle);
    const { body } = await sent(handle, 0, "GET", "people");
    const rows = body.people as Row[];
    for (const name of columnsOf(place))
      valuesOf.set(name, [...new Set(rows.map((row) => row[name]).filter((value) => value !== null))]);
  });
  afterAll(() => expect(place.errors).toEqual([]));

  test(
    "every operator compares a masked cell as it compares none",
    async () => {
      const names = maskedNames(place);
      const every = isThorough(place) ? 1 : 7;
      let drawn = 0;
      for (const [index, name] of names.entries())
        for (const operator of OPERATORS.keys())
          for (const [turn, value] of operandsOf(operator, valuesOf.get(name)!).entries()) {
            if (drawn++ % every > 0) continue;
            const condition = { [`${name}.${operator}`]: value };
            const me = CALLERS[(compared.asked % 3) + 1]!;
            if ((await compared.ask(1, { where: condition, columns: { id: true } })) !== 200) continue;
            const other = { [`${names[(index + 1) % names.length]!}.isNull`]: index % 2 === 0 };
            for (const where of filtersOf(condition, other, (index + turn) % 2))
              await compared.ask(me, { where, columns: { id: true, [name]: true } }, "countTotal=T");
          }
      expect(compared.accepted).toBeGreaterThan(500 / every);
    },
    PATIENCE,
  );

  test(
    "no order, page or relation tells masked cells from none",
    async () => {
      for (const me of askersOf(place))
        for (const name of maskedNames(place))
          for (const direction of ["asc", "desc"] as const) {
            const page = { orderBy: { [name]: direction, owner: "desc" }, limit: 2, offset: me };
            await compared.ask(me, page);
            await compared.ask(me, {
              ...page,
              columns: { id: true },
              with: { boss: { columns: { id: true, [name]: true }, with: { reports: page } }, reports: page },
            });
          }
    },
    PATIENCE,
  );

  test("neither do columns that are chosen, and one row, and the number of rows", async () => {
    for (const me of askersOf(place))
      for (const id of PEOPLE) {
        await compared.ask(me, { where: { id } }, "findFirst=T");
        await compared.ask(me, { orderBy: { nick: "desc" }, columns: { name: true } }, "findFirst=T");
        await compared.ask(me, { where: { "age.gt": 19 + id }, columns: false }, "countTotal=T");
        await compared.ask(me, { columns: { name: false, nick: false }, with: { boss: true } });
      }
  });
});
