import { describe, expect, test } from "bun:test";
import { createQueryHandler } from "@bepalo/query";
import { DATABASES } from "../support/databases.ts";
import * as schema from "../support/schema.ts";

// Somebody who would have the explorer's page do something for him in the name of its reader.

const acl = {
  authors: { table: "author", control: { GET: { all: { select: true } } } },
};
const { database } = await DATABASES["bun:sqlite"]();
const made = (basePath?: string) =>
  createQueryHandler({
    acl,
    database,
    schema,
    onWarning: () => undefined,
    explorer: () => true,
    access: true,
    ...(basePath !== undefined && { basePath }),
  });
const handler = made();
const ask = (path: string, headers: Record<string, string> = {}, on = handler) =>
  on(new Request(`http://local${path}`, { headers }));
const isPage = (answer: Response): boolean => answer.headers.get("content-type")?.includes("html") ?? false;

describe("the page is nowhere but under its name", () => {
  test.each([
    "/query/explorer",
    "/query/$Explorer",
    "/query/$explorer.html",
    "/query/$explorer/index.html",
    "/query/$explorer//",
    "/query//$explorer",
    "/query/authors/$explorer",
    "/query/%2524explorer",
    "/query/$explorer%00",
    "/query/$explorer;x=1",
    "/other/$explorer",
    "//evil.example/query/$explorer",
    "/query/x%2F$explorer",
  ])("%s is something else", async (path) => {
    const answer = await ask(path);
    expect([answer.status >= 400, isPage(answer)]).toEqual([true, false]);
  });

  test("with a base path, under no other", async () => {
    const own = made("/api");
    expect(isPage(await ask("/api/$explorer", {}, own))).toBe(true);
    for (const path of ["/query/$explorer", "/$explorer", "/api//$explorer", "//api/$explorer"])
      expect(isPage(await ask(path, {}, own))).toBe(false);
  });
});

describe("nothing of the request is in the page, or in its headers", () => {
  const MARK = "zq7-mark";

  test.each([
    ["a fragment that was sent", `/query/$explorer#${MARK}`, {}],
    ["a host", "/query/$explorer", { host: `${MARK}.example` }],
    ["a forwarded host", "/query/$explorer", { "x-forwarded-host": MARK, forwarded: `host=${MARK}` }],
    ["a referrer", "/query/$explorer", { referer: `http://${MARK}.example/<script>` }],
    ["an origin", "/query/$explorer", { origin: `http://${MARK}.example` }],
    ["a cookie", "/query/$explorer", { cookie: `${MARK}=1` }],
    ["a language and a client", "/query/$explorer", { "accept-language": MARK, "user-agent": MARK }],
    ["what it accepts", "/query/$explorer", { accept: `application/json, ${MARK}/*` }],
  ])("%s", async (_, path, headers) => {
    const answer = await ask(path, headers);
    expect(isPage(answer)).toBe(true);
    expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toContain(MARK);
  });

  test("a parameter is refused as JSON, and never as markup", async () => {
    const answer = await ask("/query/$explorer?%3Cscript%3Ealert(1)%3C/script%3E=1");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      400,
      "application/json;charset=utf-8",
    ]);
  });
});

test("no other page frames it, opens it as its own or reads it", async () => {
  const { headers } = await ask("/query/$explorer", { origin: "http://evil.example" });
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(headers.get("access-control-allow-origin")).toBeNull();
});

test("its policy lets no text become a script, a style, markup, a form or an address elsewhere", async () => {
  const { headers } = await ask("/query/$explorer");
  const policy = headers.get("content-security-policy")!;
  expect(policy).not.toMatch(/unsafe|https?:|\*|blob:|strict-dynamic|nonce/);
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy.match(/data:/g)?.length).toBe(1); // images alone
});

test("to have the page is no right: what answers it asks nobody's rules less", async () => {
  const closed = createQueryHandler({
    acl: { authors: { table: "author", control: { GET: { admin: { select: true } } } } },
    database,
    schema,
    onWarning: () => undefined,
    explorer: () => true,
    access: true,
  });
  expect((await ask("/query/$explorer", {}, closed)).status).toBe(200);
  expect((await ask("/query/authors", {}, closed)).status).toBe(401);
  expect(await (await ask("/query/$access", {}, closed)).json()).toEqual({ resources: {} });
  for (const inside of ["$explain", "$matrix"])
    expect((await ask(`/query/${inside}`, {}, closed)).status).toBe(404);
});
