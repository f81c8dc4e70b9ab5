import type { Answer } from "../support/app.ts";
import { ask, ids } from "../support/served.ts";
import { refusal } from "../support/write.ts";
import type { Subject } from "./subject.ts";

/** What databases answer differently, on purpose. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** Asks, and gives what can be compared. */
  readonly ask: (app: Subject) => Promise<unknown>;
  /** The answer on SQLite, on PostgreSQL with bytes' order, and on PostgreSQL with a language's. */
  readonly answers: readonly [sqlite: unknown, postgresql: unknown, linguistic?: unknown];
}

const articles = async (app: Subject, selector: string): Promise<unknown> => {
  const answer = await app.get(ask("articles", `(columns:~T(id)~,${selector})`));
  return answer.status === 200 ? ids(answer) : refusal(answer);
};
const stored = async (app: Subject, row: object): Promise<unknown> => {
  const answer = await app.post("samples", { id: 1, ...row });
  return answer.status === 200 ? answer.body.samples[0][Object.keys(row)[0]!] : refusal(answer);
};
const statuses = (...answers: Answer[]): unknown => answers.map(({ status, body }) => [status, body?.code]);
const invalid = (path: string): object => ({ status: 400, code: "invalid-value", path });
const unordered = { status: 400, code: "unknown-operator", path: "select.where" };

/** Every difference that the suite knows of; all other cases have one answer. */
export const DIFFERENCES: readonly Difference[] = [
  {
    what: "the order of texts",
    why: "it is the database's own collation; SQLite's is that of bytes",
    ask: (app) => articles(app, "orderBy:(title:asc)"),
    answers: [
      ["a1", "a2", "a5", "a6", "a3", "a4"],
      ["a1", "a2", "a5", "a6", "a3", "a4"],
      ["a1", "a4", "a2", "a5", "a6", "a3"],
    ],
  },
  {
    what: "a comparison of texts",
    why: "it follows the order",
    ask: (app) => articles(app, "where:(title.between:_('Alpha','B')_)"),
    answers: [["a1"], ["a1"], ["a1", "a4"]],
  },
  {
    what: "the case of letters beyond ASCII",
    why: "SQLite folds ASCII alone; PostgreSQL as its locale does",
    ask: async (app) => {
      await app.post("samples", [
        { id: 1, text: "ÄRGER" },
        { id: 2, text: "ärger" },
      ]);
      const found = async (where: string): Promise<unknown> =>
        ids(await app.get(ask("samples", `(columns:~T(id)~,where:(${where}))`)), "samples");
      return [
        await found("text.ilike:'ä%'"),
        await found("text.icontains:'Rger'"),
        await found("text.like:'ä%'"),
      ];
    },
    answers: [
      [[2], [1, 2], [2]],
      [[1, 2], [1, 2], [2]],
    ],
  },
  {
    what: "an `integer` column takes",
    why: "SQLite's has 64 bits, of which 53 can be said; PostgreSQL's has 32",
    ask: async (app) => {
      const { body, status } = await app.patch(ask("told", "(where:(id:'a1'))"), { views: 2 ** 31 });
      return status === 200 ? body.told[0].views : body.code;
    },
    answers: [2 ** 31, "invalid-value"],
  },
  {
    what: "a filter on an `integer` column takes",
    why: "as above, so that the database never fails on it",
    ask: (app) => articles(app, "where:(views.lt:2147483648)"),
    answers: [["a1", "a2", "a3", "a4", "a5", "a6"], invalid("select.where.views.lt")],
  },
  {
    what: "`numeric` of many digits",
    why: "SQLite keeps a number, so that they are refused",
    ask: (app) => stored(app, { decimal: "123456789012345678901234567890.12345" }),
    answers: [invalid("decimal"), "123456789012345678901234567890.12345"],
  },
  {
    what: "trailing zeros of a `numeric`",
    why: "SQLite stores a number, PostgreSQL its digits",
    ask: (app) => stored(app, { decimal: "1.50" }),
    answers: ["1.5", "1.50"],
  },
  {
    what: "big integers of more than 64 bits in order",
    why: "SQLite keeps their digits in a blob, PostgreSQL a `numeric`",
    ask: async (app) => {
      await app.post("samples", [
        { id: 1, big: "9" },
        { id: 2, big: "123456789012345678901234567890" },
      ]);
      const answer = await app.get(ask("samples", "(columns:~T(id)~,where:(big.gt:'10'))"));
      return answer.status === 200 ? ids(answer, "samples") : refusal(answer);
    },
    answers: [unordered, [2]],
  },
  {
    what: "the keys of a JSON value come",
    why: "`jsonb` sorts them by length",
    ask: async (app) => {
      const { body } = await app.post("samples", { id: 1, json: { bb: 1, a: 2 } });
      return Object.keys(body.samples[0].json);
    },
    answers: [
      ["bb", "a"],
      ["a", "bb"],
    ],
  },
  {
    what: "JSON values are equal",
    why: "SQLite compares their texts, PostgreSQL their members",
    ask: async (app) => {
      await app.post("samples", { id: 1, json: { a: 1, b: 2 } });
      return (await app.get(ask("samples", "(columns:F,where:(json:(b:2,a:1)))"))).body.count;
    },
    answers: [0, 1],
  },
  {
    what: "the key after one that a client chose",
    why: "SQLite counts on from the largest, a sequence of PostgreSQL does not hear of it",
    ask: async (app) => {
      const made = await app.post("labels", { id: 4, label: "x" });
      return statuses(made, await app.post("labels", { label: "y" }));
    },
    answers: [
      [
        [200, undefined],
        [200, undefined],
      ],
      [
        [200, undefined],
        [409, "conflict"],
      ],
    ],
  },
  {
    what: "dates of years that a database does not have",
    why: "PostgreSQL's begin 4713 BC and end 294276",
    ask: (app) => stored(app, { millis: "-271821-04-20T00:00:00.000Z" }),
    answers: ["-271821-04-20T00:00:00.000Z", invalid("millis")],
  },
];
