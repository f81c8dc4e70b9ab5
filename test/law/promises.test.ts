import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccessColumn, AccessRule } from "@bepalo/query";
import fc from "fast-check";
import { PATIENCE, runs, SEED, thatMany } from "../support/laws.ts";
import type { Row } from "../support/model.ts";
import { carry } from "../support/oracle-values.ts";
import { ANYTHING, file, RESOURCES } from "../support/policy-arbitrary.ts";
import {
  type HouseGround,
  type HouseRoute,
  type LawPlace,
  openHouse,
  pathOf,
  PLACES,
  routeOf,
} from "../support/policy-laws.ts";
import { nodeUnder } from "../support/policy-links.ts";
import {
  type FileSpec,
  type Method,
  METHODS,
  onSomeRows,
  readableOf,
  type TopSpec,
} from "../support/policy-rules.ts";
import { caller, house } from "../support/policy-rows.ts";
import { type Caller, resolve, rolesOf } from "../support/policy-seat.ts";
import { writableOf } from "../support/policy-bodies.ts";
import { HOUSE, type House, type HouseTable } from "../support/written-once.ts";

// What the engine says that a caller may do, and what he gets when he does it.

const grounds = new Map<LawPlace["speaks"], HouseGround>();
beforeAll(async () => {
  for (const { speaks } of PLACES) if (!grounds.has(speaks)) grounds.set(speaks, await openHouse(speaks));
}, PATIENCE);
afterAll(async () => {
  for (const ground of grounds.values()) await ground.close();
});

const seen = { may: 0, mayNot: 0, methods: 0, rules: 0 };

/** Whether a request reached the row it names: it was done, or what it would leave behind was refused. */
async function reaches(
  { ask, errors }: HouseRoute,
  spec: FileSpec,
  { resource, method, row }: { resource: string; method: "PATCH" | "DELETE"; row: Row },
  who: Caller,
): Promise<boolean | undefined> {
  const { table, rule } = resolve(spec, resource, method, rolesOf(who))!;
  const { key } = HOUSE[table];
  const filterable = rule.select === undefined ? key : readableOf(rule, table);
  const column = writableOf({ file: spec }, table, rule, "PATCH")[0];
  // Where the row cannot be named, or nothing of it set, there is nothing to compare with.
  if (key.some((name) => !filterable.includes(name)) || rule.forbid?.includes("where") === true)
    return undefined;
  if (method === "PATCH" && column === undefined) return undefined;
  const selector = { where: Object.fromEntries(key.map((name) => [name, row[name]])) };
  const body = method === "PATCH" ? { [column!]: carry(row[column!]) } : undefined;
  const answer = await ask(method, pathOf({ resource, selector, countTotal: false }), who, { body });
  if (answer.status === 403) return true;
  expect({ ...answer, errors }).toMatchObject({ status: 200 });
  return answer.body.rowsAffected === 1;
}

/** Asks what may be done with every row, and does it. */
async function expectCanHolds(
  route: HouseRoute,
  ground: HouseGround,
  spec: FileSpec,
  rows: House,
  resource: string,
  who: Caller,
): Promise<void> {
  const { table } = spec.resources[resource]!;
  const { key } = HOUSE[table];
  const columns = Object.fromEntries(key.map((name) => [name, true]));
  const read = await route.ask(
    "GET",
    pathOf({ resource, selector: { columns }, findFirst: false, can: true }),
    who,
  );
  if (read.status !== 200) return;
  for (const { $can, ...named } of read.body[resource]) {
    const row = rows[table].find((each) => key.every((name) => each[name] === named[name]))!;
    for (const [method, may] of Object.entries<boolean>($can)) {
      const done = await reaches(route, spec, { resource, method: method as "PATCH", row }, who);
      if (done === undefined) continue;
      expect({ resource, method, row, who, can: done }).toEqual({ resource, method, row, who, can: may });
      if (may) seen.may++;
      else seen.mayNot++;
      await ground.load(rows);
    }
  }
}

/** Of a rule in `$access`, what the oracle knows as well. */
interface Told {
  readonly readable: readonly string[];
  readonly masked: readonly string[];
  readonly writable: readonly string[];
  readonly sometimes: readonly string[];
  readonly fields: readonly string[];
  readonly relations: readonly string[];
}

function told({ columns, extras, relations }: AccessRule): Told {
  const of = (is: (column: AccessColumn) => boolean): string[] =>
    Object.keys(columns).filter((name) => is(columns[name]!));
  return {
    readable: of(({ readable }) => readable === true),
    masked: of(({ masked }) => masked === true),
    writable: of(({ writable }) => writable !== undefined),
    sometimes: of(({ writable }) => writable === "sometimes"),
    fields: extras.toSorted(),
    relations: Object.keys(relations).toSorted(),
  };
}

/** The same as the oracle reads the file. */
function toldOf(
  spec: FileSpec,
  method: Method,
  { table, rule }: { readonly table: HouseTable; readonly rule: TopSpec },
  who: Caller,
): Told {
  const readable = readableOf(rule, table);
  const writes = method === "POST" || method === "PATCH";
  const writable = writes ? writableOf({ file: spec }, table, rule, method) : [];
  const seat = { file: spec, roles: rolesOf(who) };
  const relations = Object.keys(rule.with ?? {}).filter((name) => nodeUnder(seat, rule, name) !== undefined);
  // Where nothing of the rows is let out, nothing comes back that could hang on them.
  const silent = rule.select === undefined;
  return {
    readable,
    masked: readable.filter(onSomeRows(rule.select)),
    writable,
    sometimes: writable.filter(onSomeRows(rule.write)),
    fields: silent ? [] : (rule.fields ?? []).toSorted(),
    // What may not be asked for is none of his.
    relations: silent || rule.forbid?.includes("with") === true ? [] : relations.toSorted(),
  };
}

describe(`what a caller is told that he may do he may do (seed ${SEED})`, () => {
  for (const place of PLACES) {
    test(
      `with each row, on ${place.name}`,
      async () => {
        const ground = grounds.get(place.speaks)!;
        const worlds = fc.record({ rows: house, spec: file(ANYTHING), who: caller });
        await fc.assert(
          fc.asyncProperty(worlds, async ({ rows, spec, who }) => {
            await ground.load(rows);
            const route = routeOf(spec, ground, { reader: place.reader });
            for (const resource of Object.keys(RESOURCES))
              await expectCanHolds(route, ground, spec, rows, resource, who);
          }),
          runs(15),
        );
      },
      PATIENCE,
    );
  }

  test("and OPTIONS names the methods that resolve for him", async () => {
    const ground = grounds.get("sqlite")!;
    await fc.assert(
      fc.asyncProperty(fc.record({ spec: file(ANYTHING), who: caller }), async ({ spec, who }) => {
        const { ask } = routeOf(spec, ground);
        for (const resource of Object.keys(RESOURCES)) {
          const answer = await ask("OPTIONS", resource, who);
          const allowed = answer.headers.find(([name]) => name === "allow")![1].split(", ");
          const resolved = METHODS.filter((method) => resolve(spec, resource, method, rolesOf(who)));
          expect(allowed.toSorted()).toEqual(
            ["OPTIONS", ...resolved, ...(resolved.includes("GET") ? ["HEAD"] : [])].toSorted(),
          );
          seen.methods += resolved.length;
        }
      }),
      runs(15),
    );
  });

  test("and $access tells of every rule that resolves for him what it lets him do, and of no other", async () => {
    const ground = grounds.get("sqlite")!;
    const SCOPES = [undefined, "mine", "guest", "mine|guest"] as const;
    await fc.assert(
      fc.asyncProperty(fc.record({ spec: file(ANYTHING), who: caller }), async ({ spec, who }) => {
        const { ask } = routeOf(spec, ground, { access: true });
        const { status, body } = await ask("GET", "$access", who);
        expect(status).toBe(200);
        const asked = SCOPES.flatMap((scope) => METHODS.map((method) => ({ method, scope })));
        for (const resource of Object.keys(RESOURCES)) {
          const rules: readonly AccessRule[] = body.resources[resource]?.rules ?? [];
          for (const { method, scope } of asked) {
            const named = rules.filter(
              ({ methods, scopes }) => methods.includes(method) && scopes.includes(scope ?? "none"),
            );
            const resolved = resolve(spec, resource, method, rolesOf(who), scope);
            const must = resolved && toldOf(spec, method, resolved, who);
            seen.rules++;
            expect({ resource, method, scope, told: named.map(told) }).toEqual({
              resource,
              method,
              scope,
              told: must === undefined ? [] : [must],
            });
          }
        }
      }),
      runs(15),
    );
  });

  test("hundreds of times", () => {
    console.log(seen);
    thatMany("others", "promises", seen.may + seen.mayNot + seen.methods + seen.rules);
  });
});
