import { describe, expect, test } from "bun:test";
import { createQueryHandler } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { type JSONSchema, openapi } from "@bepalo/query/openapi";
import { stringify } from "@bepalo/query/rjson";
import type { AnyACL } from "../../src/policy/policy.ts";
import { fill } from "../support/data.ts";
import { DATABASES } from "../support/databases.ts";
import { expectValid, Judge, posedBy } from "../support/documents.ts";
import { openRules } from "../support/open-rules.ts";
import * as schema from "../support/schema.ts";

// What a route takes beside single requests in URLs: questions in bodies, lists of requests, streams; and paths.

const rules = openRules(schema) as Record<string, { control: Record<string, Record<string, object>> }>;
const acl = Object.fromEntries(
  Object.entries(rules).map(([name, entry]) => {
    const { GET = {}, ...control } = entry.control;
    const reads = Object.entries(GET).map(([role, rule]) => [role, { ...rule, live: role === "writer" }]);
    return [name, { ...entry, control: { ...control, GET: Object.fromEntries(reads) } }];
  }),
) as unknown as AnyACL;

const { database } = await DATABASES["bun:sqlite"]();
await fill(database);
const handler = createQueryHandler({
  acl,
  database,
  schema,
  batch: { maxOperations: 7 },
  live: live({ maxQuestions: 9 }),
  openapi: true,
  onWarning: () => undefined,
  onError: (error) => console.error(error),
  session: { getRole: (request) => request.headers.get("x-role") ?? "writer" },
});
const document = openapi(acl, schema, { role: "writer", batch: 7, live: 9 });
const judge = new Judge(document);
const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  handler(new Request(`http://local/query${path}`, init));

const JSON_TYPE = { "content-type": "application/json" };

test("a document says what its route takes", async () => {
  await expectValid(document);
  const answer = await ask("/$openapi");
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(document)));
  const plain = openapi(acl, schema, { role: "writer" });
  expect(Object.keys(plain.paths).filter((path) => path.startsWith("/$"))).toEqual([]);
  expect(JSON.stringify(plain)).not.toContain("event-stream");
});

test("a question may be asked in a body, as its operation says", async () => {
  let sent = 0;
  for (const { method, url, operation } of posedBy(document)) {
    const told = operation["x-question-in-body"];
    expect([method, told !== undefined]).toEqual([method, method === "GET"]);
    if (told === undefined) continue;
    const [path, search = ""] = url.split("?") as [string, string?];
    const query = new URLSearchParams(search);
    const { schema: form } = told.requestBody.content["application/x-www-form-urlencoded"]!;
    expect(judge.takes(form, Object.fromEntries(query))).toBe(true);
    expect(judge.takes(form, { ...Object.fromEntries(query), nothing: "" })).toBe(false);
    const expected = await (await ask(url)).text();
    expect(Object.keys(told.methods)).toEqual(["QUERY", "POST"]);
    for (const [by, headers] of Object.entries(told.methods)) {
      const type = { "content-type": "application/x-www-form-urlencoded" };
      const answer = await ask(path, { method: by, headers: { ...headers, ...type }, body: search });
      expect([by, answer.status, await answer.text()]).toEqual([by, 200, expected]);
    }
    sent++;
  }
  expect(sent).toBeGreaterThan(5);
});

describe("a batch", () => {
  const operation = document.paths["/$batch"]!["post"]!;
  const { schema: taken } = operation.requestBody!.content["application/json"]!;

  test("has an example that is answered as it says", async () => {
    const posed = [...posedBy(document)].filter(({ url }) => url === "/$batch");
    expect(posed.map(({ name }) => name)).toEqual(["together"]);
    for (const one of posed) {
      const answer = await ask("/$batch", {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify(one.body),
      });
      expect(answer.status).toBe(200);
      judge.expect(one, 200, await answer.json());
    }
  });

  test("takes what stands alone in the document, and nothing else", async () => {
    for (const { method, url, body, name, operation: own } of posedBy(document)) {
      if (method === "HEAD" || url === "/$batch") continue;
      const [path, search = ""] = url.split("?") as [string, string?];
      const query = new URLSearchParams(search);
      if (query.has("aggregate")) continue;
      const scope = ["mine", "guest"].find((one) => query.has(one));
      const select = query.get("select");
      const request = {
        method,
        resource: decodeURIComponent(path.slice(1)),
        ...(scope !== undefined && { scope }),
        ...(select !== null && { select }),
        ...(body !== undefined && { body }),
      };
      expect([name, request, judge.takes(taken, [request])]).toEqual([name, request, true]);
      expect(judge.takes(taken, [{ ...request, strange: 1 }])).toBe(false);
      if (own.requestBody !== undefined) continue;
      const answer = await ask("/$batch", {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify([request]),
      });
      expect([request, answer.status]).toEqual([request, 200]);
      const { schema: told } = operation.responses["200"]!.content!["application/json"]!;
      expect(judge.takes(told, await answer.json())).toBe(true);
    }
    expect(judge.takes(taken, [])).toBe(false);
    const eight = Array.from({ length: 8 }, () => ({ method: "GET", resource: "article" }));
    expect([judge.takes(taken, eight), judge.takes(taken, eight.slice(1))]).toEqual([false, true]);
  });
});

/** The first event of a stream. */
async function firstOf(answer: Response): Promise<{ readonly event: string; readonly data: unknown }> {
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/event: [\s\S]*\n\n/.test(text)) text += (await reader.read()).value ?? "";
  await reader.cancel();
  const lines = text.split("\n");
  const said = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
  return {
    event: lines.find((line) => line.startsWith("event: "))!.slice(7),
    data: said.join("\n") === "" ? undefined : JSON.parse(said.join("\n")),
  };
}

describe("a stream", () => {
  const STREAM = { accept: "text/event-stream" };

  test("says what its operation says, of each example", async () => {
    let streamed = 0;
    for (const { method, url, operation } of posedBy(document)) {
      if (method !== "GET") continue;
      const media = operation.responses["200"]!.content!["text/event-stream"];
      const answer = await ask(url, { headers: STREAM });
      if (media === undefined || answer.status === 406) {
        expect([url, answer.status]).toEqual([url, 406]);
        expect(operation.responses["406"]).toBeDefined();
        continue;
      }
      const { event, data } = await firstOf(answer);
      expect(event).toBe("answer");
      expect([url, judge.takes(media["x-events"]!["answer"] as JSONSchema, data)]).toEqual([url, true]);
      streamed++;
    }
    expect(streamed).toBeGreaterThan(5);
  });

  test("of many questions does, too", async () => {
    const { requestBody, responses } = document.paths["/$live"]!["post"]!;
    const { schema: taken } = requestBody!.content["application/json"]!;
    const questions = [{ key: "a", url: "/query/article?select=(limit:1)", last: null }];
    expect(judge.takes(taken, questions)).toBe(true);
    for (const wrong of [[], [{ key: "a" }], [{ ...questions[0], more: 1 }], Array(10).fill(questions[0])])
      expect(judge.takes(taken, wrong)).toBe(false);
    const answer = await ask("/$live", {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify(questions),
    });
    const { event, data } = await firstOf(answer);
    const told = responses["200"]!.content!["text/event-stream"]!["x-events"]!;
    expect([event, judge.takes(told["answer"]!, data)]).toEqual(["answer", true]);
    expect(Object.keys(told)).toEqual(["answer", "patch", "same", "end"]);
  });
});

test("columns of the row that a relation leads to are filtered and sorted by", async () => {
  const orders = document.components.schemas["article.GET.Select"]!.properties!["orderBy"]!.properties!;
  const filters = document.components.schemas["article.GET.Conditions"]!.properties!;
  const isPath = (name: string): boolean => name.startsWith("author.") && !/^author\.is(Not)?$/.test(name);
  const paths = Object.keys(orders).filter(isPath);
  expect(paths).toContain("author.name");
  const flags = Object.keys(filters).filter((name) => isPath(name) && name.endsWith(".isNull"));
  expect(flags).toContain("author.name.isNull");
  for (const select of [
    ...paths.map((path) => ({ orderBy: { [path]: "desc" } })),
    ...flags.map((flag) => ({ where: { [flag]: false } })),
  ]) {
    const answer = await ask(`/article?select=${encodeURIComponent(stringify(select))}`);
    expect([select, answer.status]).toEqual([select, 200]);
  }
  for (const name of Object.keys(filters).filter((key) => isPath(key) && key.split(".").length === 2))
    expect([
      name,
      (await ask(`/article?select=${encodeURIComponent(stringify({ where: { [name]: null } }))}`)).status,
    ]).toEqual([name, 200]);
});
