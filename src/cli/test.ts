import { dirname, join } from "node:path";
import process from "node:process";
import { createQueryHandler, type QueryHandler } from "../http/route.ts";
import type { AnyACL } from "../policy/policy.ts";
import { traitsOf } from "../request/request.ts";
import { type Caller, sessionOf } from "./caller.ts";
import { type Answered, type Case, type Cases, judge, readCases } from "./cases.ts";
import { chosen, type Command, Failure, readJSON } from "./command.ts";
import { fill, openFresh } from "./fresh.ts";
import { type Api, loadApi } from "./load.ts";
import { REPORTS, type Result } from "./report.ts";
import { rulesOf } from "./rules.ts";

export const testCommand: Command = {
  name: "test",
  says: "sends cases that a file holds as data, and compares the answers",
  takes: "<module> [cases]",
  options: {
    format: { value: "<format>", says: `${Object.keys(REPORTS).join(", ")}; text by default` },
    database: {
      says: "sends them to the module's `database`, in place of one in memory; refused in production",
    },
  },
  more: "Cases stand in access.test.json beside the module, or where it is said. Each is answered by tables that hold the rows\nof the file: writes are tried out and taken back. The module is run as code.",
  async run({ positionals: [path, given], text, flag }) {
    const report = chosen("format", REPORTS, text("format"));
    const file = given ?? join(dirname(path ?? "."), "access.test.json");
    const api = await loadApi(path);
    const results = await run(api, readCases(readJSON(file), file), flag("database"));
    const failed = results.filter(({ differences }) => differences.length > 0).length;
    return {
      code: failed > 0 ? 1 : 0,
      text: report(results),
      json: { passed: results.length - failed, failed, results },
    };
  },
};

async function run(api: Api, cases: Cases, existing: boolean): Promise<readonly Result[]> {
  const { catalog } = rulesOf(api);
  if (!existing) {
    const { database, close } = await openFresh(api, catalog);
    try {
      await fill(database, catalog, cases.rows ?? {});
      return await runOn(database, api, cases);
    } finally {
      await close();
    }
  }
  if (process.env["NODE_ENV"] === "production")
    throw new Failure("cases are not sent to a database with NODE_ENV=production");
  if (api.database === undefined) throw new Failure("the module exports no `database`");
  return runOn(api.database, api, cases);
}

async function runOn(
  database: unknown,
  api: Api,
  { callers = {}, cases }: Cases,
): Promise<readonly Result[]> {
  const { acl, schema, tables, defaults } = api;
  let caller: Caller = { roles: [], context: {} };
  const handler = createQueryHandler({
    acl: triedOut(acl),
    schema,
    database,
    ...(tables !== undefined && { tables }),
    ...(defaults !== undefined && { defaults }),
    session: sessionOf(() => caller, api),
    onWarning: () => undefined,
  });
  const results: Result[] = [];
  for (const one of cases) {
    const { role = [], context = {} } = callers[one.as ?? ""] ?? {};
    caller = { roles: typeof role === "string" ? [role] : role, context };
    results.push(await tryCase(handler, one));
  }
  return results;
}

async function tryCase(handler: QueryHandler, one: Case): Promise<Result> {
  const began = performance.now();
  const request = requestOf(one);
  const { pathname } = new URL(request.url);
  const resource = decodeURIComponent(pathname.slice(pathname.lastIndexOf("/") + 1));
  const answer = await handler(request);
  const text = await answer.text();
  const found: Answered = { status: answer.status, body: parsed(text) };
  const name = one.name ?? `${one.as ?? "a guest"}: ${one.request}`;
  return { name, differences: judge(one, resource, found), milliseconds: performance.now() - began };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The request of a case; a write is tried out. */
function requestOf({ request, body, headers = {} }: Case): Request {
  const space = request.indexOf(" ");
  const method = space < 0 ? "GET" : request.slice(0, space).toUpperCase();
  const url = request.slice(space + 1).trim();
  const writes = traitsOf(method)?.writes === true;
  return new Request(`http://localhost${url.startsWith("/") ? "" : "/query/"}${url}`, {
    method,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(writes && { prefer: "tx=rollback" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** The same rules, of which every write may be tried out. */
function triedOut(acl: AnyACL): AnyACL {
  const entries = Object.entries(acl).map(([resource, entry]) => {
    const control = Object.entries(entry.control ?? {}).map(([method, rules]) => {
      if (traitsOf(method)?.writes !== true || rules === undefined) return [method, rules];
      const tried = Object.entries(rules).map(([role, rule]) => [role, rule && { ...rule, dryRun: true }]);
      return [method, Object.fromEntries(tried)];
    });
    return [resource, { ...entry, control: Object.fromEntries(control) }];
  });
  return Object.fromEntries(entries) as AnyACL;
}
