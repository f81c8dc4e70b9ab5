import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { asked, blog, entry, nobody, samples, toSelector, type Asked } from "../support/arbitrary.ts";
import type { DatabaseName } from "../support/databases.ts";
import { cutAtNUL, PATIENCE, readACL, routeOver, runs, same, SEED, type Seen, watch, type Watched } from "../support/laws.ts";
import type { TableName, World } from "../support/model.ts";
import type { EntrySpec } from "../support/rules.ts";
import { DATABASE_NAMES, path } from "../support/write.ts";

const open = new Map<DatabaseName, Watched>();
beforeAll(async () => {
  for (const name of DATABASE_NAMES) open.set(name, await watch(name));
});
afterAll(() => open.forEach((database) => database.close()));

let cases = 0;
let fellBack = 0;

/** What differs between the answers of the two readers, or `undefined` where they are alike. */
async function difference(watched: Watched, spec: EntrySpec, questions: readonly Asked[]): Promise<string | undefined> {
  const acl = readACL("x", spec);
  const fast = routeOver(acl, watched.database);
  const portable = routeOver(acl, watched.database, { reader: "portable" });
  await fast.ask("GET", "x", 1);
  for (const { flags, wish, me } of questions) {
    const selector = wish && toSelector(wish, spec.rule, spec.table);
    const url = path("x", selector, flags.join("&"));
    watched.drizzled.length = watched.executed.length = 0;
    const quick = await fast.ask("GET", url, me);
    const byDrizzle = watched.drizzled.length;
    const statements = watched.executed.length;
    const slow = await portable.ask("GET", url, me);
    cases++;
    const told = (what: string): string =>
      `${what}: ${decodeURIComponent(url)} as ${me} on ${watched.name}\nfast     ${show(quick)}\nportable ${show(slow)}`;
    if (fast.errors.length > 0) return told(`fast failed, ${String(fast.errors[0])}`);
    if (portable.errors.length > 0) return told(`portable failed, ${String((portable.errors[0] as Error).cause ?? portable.errors[0])}`);
    if (quick.status !== slow.status || !same(quick.body, slow.body, cutAtNUL)) return told("the readers differ");
    if (quick.status !== 200) continue;
    if (byDrizzle === 0 && statements === 1) continue;
    fellBack++;
    if (EXCUSED.test(quick.text)) continue;
    return told(`not one statement of the fast reader but ${statements}, ${byDrizzle} of them Drizzle's`);
  }
  return undefined;
}

const show = ({ status, text }: Seen): string => `${status} ${text}`;
/** Years outside 0–9999, and blobs as computed fields, have no JSON in SQL. */
const EXCUSED = /"[+-]\d{6}-\d\d-\d\dT|"raw":"/;

function law(table: TableName, depth: number, worlds: fc.Arbitrary<World>) {
  return fc.record({
    world: worlds,
    spec: entry(table, depth),
    questions: fc.array(asked(depth), { minLength: 1, maxLength: 40, size: "max" }),
  });
}

describe(`both readers answer alike (seed ${SEED})`, () => {
  for (const name of DATABASE_NAMES) {
    test(`on ${name}, for rows with every kind of column`, async () => {
      await fc.assert(
        fc.asyncProperty(law("sample", 3, samples.map((sample) => ({ ...nobody, sample }))), async ({ world, spec, questions }) => {
          const watched = open.get(name)!;
          await watched.fill(world);
          expect(await difference(watched, spec, questions)).toBeUndefined();
        }),
        runs(80),
      );
    }, PATIENCE);

    for (const table of ["author", "article"] as const) {
      test(`on ${name}, for every ${table} and its relations, four deep`, async () => {
        await fc.assert(
          fc.asyncProperty(law(table, 4, blog), async ({ world, spec, questions }) => {
            const watched = open.get(name)!;
            await watched.fill(world);
            expect(await difference(watched, spec, questions)).toBeUndefined();
          }),
          runs(70),
        );
      }, PATIENCE);
    }
  }

  test("thousands of times", () => {
    console.log({ cases, fellBack });
  });
});
