import { expect, test } from "bun:test";
import { DrizzleQueryError } from "drizzle-orm";
import { Turns } from "../../src/dialect/postgresql/turns.ts";

const ASKED = "canceling statement due to user request";
const LATE = "canceling statement due to statement timeout";
const said = (message: string, codes: object = { code: "57014" }): Error =>
  Object.assign(new Error(message), codes);
const wrapped = (message: string): Error => new DrizzleQueryError("select ?", [LATE], said(message));

test.each([
  ["was stopped", said(ASKED), true],
  ["was stopped, as Drizzle tells it", wrapped(ASKED), true],
  ["was stopped, as Bun tells it", said(ASKED, { code: "ERR_POSTGRES_SERVER_ERROR", errno: "57014" }), true],
  ["ended in a language that is not known", said("storniere Anfrage"), true],
  ["timed out by itself", said(LATE), false],
  ["timed out by itself, as Drizzle tells it", wrapped(LATE), false],
  ["timed out by itself, as Bun tells it", said(LATE, { errno: "57014" }), false],
  ["failed of itself", said(ASKED, { code: "42601" }), false],
])(
  "beside one that was stopped, whether a statement that %s is run again: it may be a stray stop",
  (_, error, again) => {
    const turns = new Turns(2);
    expect(turns.isStray(error)).toBe(false); // nothing was stopped yet
    turns.stops();
    expect(turns.isStray(error)).toBe(again);
  },
);
