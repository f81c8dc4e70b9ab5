import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { DatabaseName } from "../support/databases.ts";
import { FACTOR } from "../support/laws.ts";
import { isLeftOut, type PostgresqlName } from "../support/postgresql.ts";
import { answers } from "./chapters/answers.ts";
import { bounds } from "./chapters/bounds.ts";
import { bodies } from "./chapters/bodies.ts";
import { checks } from "./chapters/checks.ts";
import { fidelity } from "./chapters/fidelity.ts";
import { filters } from "./chapters/filters.ts";
import { hooks } from "./chapters/hooks.ts";
import { judging } from "./chapters/judging.ts";
import { limits } from "./chapters/limits.ts";
import { nested } from "./chapters/nested.ts";
import { relations } from "./chapters/relations.ts";
import { roles } from "./chapters/roles.ts";
import { rows } from "./chapters/rows.ts";
import { select } from "./chapters/select.ts";
import { turns } from "./chapters/turns.ts";
import { url } from "./chapters/url.ts";
import { writes } from "./chapters/writes.ts";
import { DIFFERENCES } from "./differences.ts";
import { GROUNDS, type Started, startHere, type Traits } from "./ground.ts";
import { type Subject, subjectOf } from "./subject.ts";

type Chapters = Readonly<Record<string, (app: Subject) => void>>;

/** Chapters whose answers are a reader's, and a driver's: asked of all. */
const OF_DRIVERS: Chapters = {
  select,
  rows,
  relations,
  filters,
  bounds,
  answers,
  fidelity,
  writes,
  checks,
  judging,
};

/** Chapters whose answers are a reader's, and hang on the words of SQL alone. */
const OF_WORDS: Chapters = { nested };

/** Chapters that are the same whichever reader answers. */
const OF_ENGINE: Chapters = { bodies, hooks, turns };

/** Chapters of what is decided before a database is asked. */
const OF_REQUESTS: Chapters = { url, roles, limits };

/**
 * One of each database, and one on Node, is asked everything. The portable reader leaves SQL to Drizzle, to which drivers
 * of one database differ in the values they give. Where more is run than usual everything is asked of all.
 */
const THOROUGH: ReadonlySet<string> = new Set([
  "libsql file",
  isLeftOut("bun-sql") ? "PGlite" : "bun-sql",
  "libSQL file on Node",
]);

function chaptersOf(on: string, reader: Subject["reader"]): Chapters {
  const all = FACTOR > 1 || THOROUGH.has(on);
  if (reader === "portable") return all ? { ...OF_DRIVERS, ...OF_WORDS } : { fidelity };
  const others = all ? { ...OF_WORDS, ...OF_REQUESTS } : {};
  return { ...others, ...OF_ENGINE, ...OF_DRIVERS };
}

/** A database that another process serves. */
export interface Elsewhere extends Traits {
  readonly start: () => Promise<Started>;
}

/**
 * The specification, chapter by chapter: what every database owes whoever stands before it, asked by HTTP alone. The
 * same cases have the same answers everywhere; the table of differences has the rest.
 */
export function conforms(on: DatabaseName | PostgresqlName): void;
export function conforms(on: string, elsewhere: Elsewhere): void;
export function conforms(on: string, elsewhere?: Elsewhere): void {
  const traits = elsewhere ?? GROUNDS[on as DatabaseName];
  const start = elsewhere?.start ?? (() => startHere(on as DatabaseName));
  if (elsewhere === undefined && isLeftOut(on)) {
    test.skip(`${on} is left out: TEST_POSTGRES_URL names no server`, () => undefined);
    return;
  }
  describe(on, () => {
    let server: Started;
    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(() => server?.close());

    describe.each(["fast", "portable"] as const)("%s", (reader) => {
      const app = subjectOf(() => server.url, reader, traits);
      beforeAll(app.reset);
      // What a case does not take is a failure of it.
      afterEach(async () => expect(await app.faults()).toEqual([]));
      for (const [name, chapter] of Object.entries(chaptersOf(on, reader)))
        describe(name, () => chapter(app));
      describe("differs on purpose", () => differences(app));
    });
  });
}

/** The one table of what databases answer differently. */
function differences(app: Subject): void {
  beforeEach(app.reset);
  test.each(DIFFERENCES.map((difference) => [difference.what, difference.why, difference] as const))(
    "%s: %s",
    async (_what, _why, { ask, answers: [sqlite, postgresql, linguistic = postgresql] }) => {
      const wanted = app.speaks === "sqlite" ? sqlite : app.texts === "bytes" ? postgresql : linguistic;
      expect(await ask(app)).toEqual(wanted);
    },
  );
}
