import type { Explanation } from "../engine/explain.ts";
import type { Became } from "../engine/became.ts";
import { createQueryHandler } from "../http/route.ts";
import { CALLER, callerIn, headersIn, sessionOf } from "./caller.ts";
import { type Command, Failure, Misuse } from "./command.ts";
import { openFresh } from "./fresh.ts";
import { loadApi } from "./load.ts";
import { rulesOf } from "./rules.ts";

export const explainCommand: Command = {
  name: "explain",
  says: "why a request is answered as it is: rules, SQL, plan; it is not run",
  takes: "<module> '<request>'",
  options: {
    ...CALLER,
    body: { value: "<json>", says: "what a POST or PATCH would be sent with" },
    values: { says: "shows values of statements, in place of their types" },
  },
  more: "A request is `GET /query/posts?select=…`; the method may be left out. With --as or --context the module's own\n`session` is not asked. Without a `database` the module's tables are made in memory, and empty. Nothing is run there\nbut the planning of statements. The module is run as code. With NODE_ENV=production it is refused.",
  async run(called) {
    const [path, request] = called.positionals;
    if (request === undefined) throw new Misuse("name the module, and the request in quotes");
    const api = await loadApi(path);
    const { catalog } = rulesOf(api);
    const caller = callerIn(called);
    const fresh = api.database === undefined ? await openFresh(api, catalog) : undefined;
    try {
      const { acl, schema, tables, defaults } = api;
      const handler = createQueryHandler({
        acl,
        schema,
        database: fresh?.database ?? api.database,
        ...(tables !== undefined && { tables }),
        ...(defaults !== undefined && { defaults }),
        session: sessionOf(() => caller, api),
        onWarning: () => undefined,
        inspect: () => true,
      });
      const body = called.text("body");
      const query = [
        `request=${encodeURIComponent(request)}`,
        ...(called.flag("values") ? ["values"] : []),
        ...(body === undefined ? [] : [`body=${encodeURIComponent(body)}`]),
      ].join("&");
      const asked = new Request(`http://localhost/query/$explain?${query}`, { headers: headersIn(called) });
      const answer = await handler(asked);
      const told = (await answer.json()) as Explanation & { readonly error?: string };
      if (answer.status !== 200) throw new Failure(`it cannot be explained: ${told.error}`);
      return { code: 0, text: textOf(told), json: told };
    } finally {
      await fresh?.close();
    }
  },
};

function textOf(told: Explanation): string {
  const {
    method,
    resource,
    scope,
    roles,
    rules,
    rule,
    refused,
    became,
    mentions = [],
    statements = [],
    parts = [],
  } = told;
  const who = roles.length === 0 ? "a guest" : roles.join(", ");
  return [
    `${method} ${resource}, ${scope === "none" ? "without a scope" : `scope ${scope}`}, as ${who}`,
    "",
    ...(rule === undefined ? ["no rule applies"] : [`rule ${rule}`]),
    ...rules.map(({ name, applies, why }) => `  ${applies ? "*" : " "} ${name}: ${why}`),
    ...(refused === undefined
      ? []
      : ["", `refused: ${refused.status} ${refused.code}: ${refused.error}`, ...placeOf(refused)]),
    ...(became === undefined ? [] : ["", "it became", ...linesOf(became, "  ")]),
    ...(mentions.length === 0 ? [] : ["", "rows that exist"]),
    ...mentions.map(rowsIn),
    ...statements.flatMap(linesIn),
    ...(parts.length === 0 ? [] : ["", "what is done, in this order"]),
    ...parts.flatMap(partLines),
  ].join("\n");
}

type Part = NonNullable<Explanation["parts"]>[number];

const rowsIn = ({ table, rule, rows }: Part["mentions"][number]): string => `  ${table} by ${rule}: ${rows}`;

const linesIn = ({ of, sql, values, plan }: Part["statements"][number]): readonly string[] => [
  "",
  `SQL for ${of}`,
  `  ${sql}`,
  ...values.map((value, index) => `  value ${index + 1}: ${JSON.stringify(value)}`),
  "plan",
  ...plan.map(({ text, scan }) => `  ${text}${scan ? "   <- reads the whole table" : ""}`),
];

/** A request among several; that which was asked is told already. */
const partLines = ({ at, method, resource, rule, mentions, statements }: Part): readonly string[] => [
  "",
  at === "" ? `${method} ${resource} itself` : `${at}: ${method} ${resource} by ${rule}`,
  ...(at === ""
    ? []
    : [...mentions.map(rowsIn), ...statements.flatMap(linesIn)].map((line) => `  ${line}`.trimEnd())),
];

const placeOf = ({ path, hint }: NonNullable<Explanation["refused"]>): readonly string[] => [
  ...(path === undefined ? [] : [`  at ${path}`]),
  ...(hint === undefined ? [] : [`  ${hint}`]),
];

function linesOf(became: Became, indent: string): readonly string[] {
  const { relations = {}, ...parts } = became;
  return [
    ...Object.entries(parts).map(
      ([name, part]) => `${indent}${name}: ${Array.isArray(part) ? part.join(", ") : String(part)}`,
    ),
    ...Object.entries(relations).flatMap(([name, inner]) => [
      `${indent}with ${name}`,
      ...linesOf(inner, `${indent}  `),
    ]),
  ];
}
