import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { NODE, type NodeServer, startNode } from "../support/node.ts";
import * as postgresql from "./support/postgresql.ts";
import * as sqlite from "./support/sqlite.ts";

const JSON_TYPE = "application/json";
const small = JSON.stringify({ rating: 4.5, tags: ["small"] });
const large = JSON.stringify({ rating: 4.5, tags: ["x".repeat(100_000)] });
const failed = [500, "internal-error"];

const runtimes = (["bun", "node"] as const).filter((on) => on === "bun" || NODE !== undefined);

describe.each(runtimes)("a body that somebody read before the route, on %s", (on) => {
  let server: NodeServer;
  beforeAll(async () => {
    const tables = { sqlite, postgresql };
    const program = join(import.meta.dir, "support/read-before.ts");
    server = await startNode(program, "libSQL file", tables, { on });
  }, 120_000);
  afterAll(async () => {
    await server?.close();
  });

  const send = async (method: string, path: string, body: string, type: string) => {
    const headers = { "content-type": type };
    const response = await fetch(`${server.origin}${path}`, { method, headers, body });
    const { code } = (await response.json()) as { code?: string };
    return [response.status, code];
  };
  /** What `onError` hears, as often as it heard it. */
  const told = (): number =>
    server.complaints().split("the body of a request was read before the route could read it").length - 1;

  test.each([
    ["behind `express.json()`", "/behind", JSON_TYPE],
    ["read by the session's parser", "/read", JSON_TYPE],
    ["read by the session's parser as RJSON", "/read", "application/rjson"],
    ["read by the session's parser as a form", "/read", "application/x-www-form-urlencoded"],
  ])("is a fault of the server that says how to mount it: %s", async (_, path, type) => {
    const before = told();
    for (const body of [small, large]) {
      expect(await send("POST", `${path}/large`, body, type)).toEqual(failed);
      expect(await send("PATCH", `${path}/large?select=(where:(id:1))`, body, type)).toEqual(failed);
    }
    for (let i = 0; i < 100 && told() < before + 4; i++) await Bun.sleep(10); // it comes through a pipe
    expect(told()).toBe(before + 4);
    expect(server.complaints()).toContain(
      "mount the route before what parses bodies, such as `express.json()`",
    );
    expect(server.complaints()).toContain("`request.clone()`");
  });

  test.each([
    ["before any parser", "/before", JSON_TYPE],
    ["a clone of it was read", "/cloned", JSON_TYPE],
  ])("is nothing of that: %s", async (_, path, type) => {
    const before = told();
    for (const [i, body] of [small, large].entries()) {
      const row = JSON.stringify({ ...(JSON.parse(body) as object), title: `${path} ${i}` });
      expect(await send("POST", `${path}/large`, row, type)).toEqual([200, undefined]);
    }
    expect(await send("POST", `${path}/large`, "", type)).toEqual([400, "invalid-body"]);
    expect(await send("POST", `${path}/large`, "\xff", type)).toEqual([400, "invalid-body"]);
    expect(told()).toBe(before);
  });

  test("is nothing of that: a type that `express.json()` leaves alone", async () => {
    const row = "(title:'left alone')";
    expect(await send("POST", "/behind/posts", row, "application/rjson")).toEqual([200, undefined]);
  });
});
