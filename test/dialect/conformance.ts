import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { DatabaseName } from "../support/databases.ts";
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

/** Chapters whose answers are a reader's: asked of both. */
const OF_READERS: Readonly<Record<string, (app: Subject) => void>> = {
  select,
  rows,
  relations,
  filters,
  bounds,
  answers,
  fidelity,
  writes,
  checks,
  nested,
  judging,
};

/** Chapters that are the same whichever reader answers. */
const OF_ENGINE: Readonly<Record<string, (app: Subject) => void>> = {
  url,
  roles,
  limits,
  bodies,
  hooks,
  turns,
};

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
      const chapters = reader === "fast" ? { ...OF_ENGINE, ...OF_READERS } : OF_READERS;
      for (const [name, chapter] of Object.entries(chapters)) describe(name, () => chapter(app));
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
