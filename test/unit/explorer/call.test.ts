import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { own, readHeaderLines, send } from "../../../src/explorer/page/model/call.ts";
import { explain, explanationIn } from "../../../src/explorer/page/model/explain.ts";
import { askMatrix, linesOf, matrixIn } from "../../../src/explorer/page/model/matrix.ts";
import { blamedBy, issuesOf, refusedIn } from "../../../src/explorer/page/model/refusal.ts";
import { asked, type Asked, type Place } from "../../../src/explorer/page/model/request.ts";
import { running, type Running } from "./sandbox.ts";

setDefaultTimeout(60_000);

const PLACE: Place = { origin: "http://localhost:4000", base: "/query" };

/** What is sent, and what is answered to it. */
function recorded(answer: () => Response = () => Response.json({ count: 0 })) {
  const sent: { url: string; init: RequestInit }[] = [];
  const fetched = async (url: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    sent.push({ url: new Request(url).url, init });
    return answer();
  };
  // Bun's own `fetch` has a member that no page has.
  return { sent, fetch: fetched as typeof fetch };
}

describe("a call", () => {
  test("goes to the page's own origin, as its reader, and follows nobody elsewhere", async () => {
    const { sent, fetch } = recorded();
    await send({ ...asked("fruits"), select: { limit: 1 } }, PLACE, { fetch });
    expect(sent[0]!.url).toBe("http://localhost:4000/query/fruits?select=(limit:1)");
    expect(sent[0]!.init).toMatchObject({
      credentials: "same-origin",
      mode: "same-origin",
      redirect: "error",
    });
    expect(sent[0]!.init.body).toBeUndefined();
  });

  test.each(["//evil.example/query", "/\\evil.example", "/@evil.example", "/..//evil.example"])(
    "stays there where the base path is %s",
    async (base) => {
      const { sent, fetch } = recorded();
      await send(asked("fruits"), { ...PLACE, base }, { fetch });
      expect(new URL(sent[0]!.url).origin).toBe(PLACE.origin);
    },
  );

  test.each([".evil.example", "@evil.example/", ":1@evil.example"])(
    "is none where the base is no path: %s",
    async (base) => {
      const { sent, fetch } = recorded();
      expect(send(asked("fruits"), { ...PLACE, base }, { fetch })).rejects.toThrow(TypeError);
      expect(sent).toEqual([]);
    },
  );

  test("names a resource as it is, whatever it holds", async () => {
    const { sent, fetch } = recorded();
    await send(asked("../../auth?x#y"), PLACE, { fetch });
    expect(sent[0]!.url).toBe("http://localhost:4000/query/..%2F..%2Fauth%3Fx%23y");
  });

  test("writes JSON, and only what a method takes", async () => {
    const { sent, fetch } = recorded();
    const write: Asked = { method: "PATCH", resource: "x", parameters: {}, body: { a: null } };
    await send(write, PLACE, {
      fetch,
      headers: { "X-Token": "t", "Content-Type": "text/plain", "X-HTTP-Method-Override": "DELETE" },
    });
    expect(sent[0]!.init.headers).toEqual({ "X-Token": "t", "content-type": "application/json" });
    expect(sent[0]!.init.body).toBe('{"a":null}');
    await send({ ...write, dryRun: true }, PLACE, { fetch, headers: { prefer: "tx=commit" } });
    expect(sent.pop()!.init.headers).toEqual({ "content-type": "application/json", prefer: "tx=rollback" });
    await send({ ...write, method: "DELETE" }, PLACE, { fetch });
    expect(sent[1]!.init.body).toBeUndefined();
  });

  test("keeps all digits of an answer, and sends them back", async () => {
    const text = '{"x":[{"id":9007199254740993,"about":{"n":[1234567890.12345678901]},"small":0.1}]}';
    const { sent, fetch } = recorded(
      () => new Response(text, { headers: { "content-type": "application/json" } }),
    );
    const { body } = await send(asked("x"), PLACE, { fetch });
    await send({ ...asked("x", "PATCH"), body }, PLACE, { fetch });
    expect(sent[1]!.init.body).toBe(text);
  });

  test("tells status, headers, body and time, of what is no JSON its text", async () => {
    const { fetch } = recorded(
      () => new Response("<b>no</b>", { status: 502, headers: { "content-type": "text/html" } }),
    );
    const answer = await own("$access", PLACE, { fetch });
    expect(answer).toMatchObject({ status: 502, body: "<b>no</b>", text: "<b>no</b>" });
    expect(answer.milliseconds).toBeGreaterThanOrEqual(0);
    expect(refusedIn(answer)).toEqual({ status: 502, code: "http-error", error: "the answer is 502" });
  });
});

test("header lines are read one by one, and those that would change what is shown are refused", () => {
  expect(
    readHeaderLines(
      "Authorization: Bearer a:b\n\n X-One : 1 \nnone\nbad name: x\ncontent-type: x\nx: \u0100",
    ),
  ).toEqual({
    headers: { authorization: "Bearer a:b", "x-one": "1" },
    wrong: [3, 4, 5, 6],
  });
});

describe("a refusal", () => {
  const write: Asked = {
    method: "POST",
    resource: "x",
    parameters: { onConflict: "(" },
    body: [{ a: 1 }, { b: { c: 2 } }],
  };

  test("names the part it is about", () => {
    const of = (question: Asked, path: string | undefined, code = "invalid-value") =>
      blamedBy(question, { code, ...(path !== undefined && { path }) });
    const question: Asked = {
      ...asked("x"),
      parameters: { countTotal: "x" },
      select: {
        where: { "a.b.gt": 1 },
        with: { "re.l": { where: { AND: [{ x: 1 }] }, with: { y: { limit: -1 } } } },
      },
    };
    expect(of(question, "select.where.a.b.gt")).toEqual({
      of: "tree",
      path: [],
      key: "where",
      at: ["a.b.gt"],
    });
    expect(of(question, "select.with.re.l.where.AND.0.x")).toEqual({
      of: "tree",
      path: ["re.l"],
      key: "where",
      at: ["AND", 0, "x"],
    });
    expect(of(question, "select.with.re.l.with.y.limit")).toMatchObject({
      path: ["re.l", "y"],
      key: "limit",
      at: [],
    });
    expect(of(question, "select.with")).toEqual({ of: "tree", path: [], key: "with", at: [] });
    expect(of(question, "countTotal")).toEqual({ of: "parameter", name: "countTotal" });
    expect(of(question, undefined, "forbidden")).toEqual({ of: "question" });
    expect(
      of({ ...asked("x"), aggregate: { having: { "sum.a": 1 } } }, "aggregate.having.sum.a"),
    ).toMatchObject({
      key: "having",
      at: ["sum.a"],
    });
    expect(of(write, "1.b.c", "invalid-body")).toEqual({ of: "body", at: [1, "b", "c"] });
    expect(of(write, "0.missing", "invalid-body")).toEqual({ of: "body", at: [0, "missing"] });
    expect(of(write, undefined, "invalid-body")).toEqual({ of: "body", at: [] });
    expect(of(write, "onConflict.target")).toEqual({ of: "parameter", name: "onConflict" });
    const long = "x".repeat(80);
    expect(
      of({ ...asked("x"), select: { where: { [long]: 1 } } }, `select.where.${"x".repeat(61)}...`),
    ).toMatchObject({
      at: [long],
    });
  });

  test("says of each field what is wrong with it", () => {
    const refused = {
      status: 400,
      code: "invalid-body",
      error: "two things",
      issues: [
        { message: "too short", path: "0.a" },
        { message: "no", path: "1.b.c" },
      ],
    };
    expect(issuesOf(write, refused, "a", 0)).toEqual(["too short"]);
    expect(issuesOf(write, refused, "a", 1)).toEqual([]);
    expect(issuesOf(write, refused, "b", 1)).toEqual(["no"]);
    const single = { status: 400, code: "invalid-value", error: "a number", path: "a" };
    expect(issuesOf({ ...write, body: { a: "x" } }, single, "a")).toEqual(["a number"]);
  });

  test("is read as the route tells it, as a problem of RFC 9457 too", () => {
    const body = {
      type: "t",
      title: "Bad",
      status: 400,
      detail: "no",
      code: "invalid-value",
      path: "select.limit",
      hint: "h",
    };
    expect(refusedIn({ status: 400, body })).toEqual({
      status: 400,
      code: "invalid-value",
      error: "no",
      path: "select.limit",
      hint: "h",
    });
    expect(refusedIn({ status: 200, body: {} })).toBeUndefined();
  });
});

describe("behind the rules of a running route", () => {
  let sandbox: Running;
  beforeAll(async () => void (sandbox = await running()));
  afterAll(() => sandbox.stop());

  test("a question that is too long for a URL is asked all the same", async () => {
    const names = ["Fig", ...Array.from({ length: 900 }, (_, index) => `nobody-${index}`)];
    const long: Asked = {
      ...asked("fruits"),
      parameters: { countTotal: "F" },
      select: { columns: { name: true }, where: { "name.in": names } },
    };
    const answer = await send(long, sandbox.place);
    expect([answer.status, answer.body]).toEqual([200, { count: 1, fruits: [{ name: "Fig" }] }]);
  });

  test("a question is explained as it would be asked", async () => {
    const question: Asked = { ...asked("fruits"), select: { where: { name: "P%&" }, limit: 2 } };
    const told = explanationIn(await explain(question, sandbox.place))!;
    expect(told).toMatchObject({
      method: "GET",
      resource: "fruits",
      became: { limit: 2, where: "name eq ?" },
    });
    expect(told.statements!.length).toBeGreaterThan(0);
    expect(JSON.stringify(told)).not.toContain("P%&");
    expect(JSON.stringify(explanationIn(await explain(question, sandbox.place, { values: true })))).toContain(
      "P%&",
    );
    expect(told.statements!.flatMap(({ plan }) => plan).length).toBeGreaterThan(0);
  });

  test("a write is explained with its body, and nothing of it is done", async () => {
    const write: Asked = { method: "POST", resource: "baskets", parameters: {}, body: { name: "Never" } };
    const told = explanationIn(await explain(write, sandbox.place))!;
    expect(told.method).toBe("POST");
    const found = await send({ ...asked("baskets"), select: { where: { name: "Never" } } }, sandbox.place);
    expect(found.body).toMatchObject({ count: 0 });
  });

  test("the matrix is a table of resources and methods, a column for each caller", async () => {
    const matrix = matrixIn(await askMatrix(sandbox.place))!;
    expect(Object.keys(matrix.callers)).toEqual(["guest", "*", "admin"]);
    const lines = linesOf(matrix);
    expect(new Set(lines.map(({ resource, method }) => `${method} ${resource}`)).size).toBe(lines.length);
    const cells = lines.flatMap((line) => Object.values(line.cells).flat());
    expect(cells.length).toBeGreaterThan(20);
    const without = cells.filter(
      ({ path }) => !Object.hasOwn(matrix.rules, path) && !path.includes(".HEAD."),
    );
    expect(without).toEqual([]);
  });
});
