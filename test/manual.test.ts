import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import { STATUS } from "../src/error.ts";
import { DIFFERENCES } from "./dialect/differences.ts";
import { type FileAnswer, type FileRequest, HttpRunner, readHttpFile } from "./support/http-file.ts";
import { CHAPTERS, CONTENTS, examplesOf, PAGES, readPage } from "./support/manual.ts";

const root = join(import.meta.dir, "..");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "manual-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = async (file: string) =>
  startSandbox({ database: await open(`file:${join(folder, file)}`), port: 0 });
type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/** Values that differ from run to run, by what they are. */
function steady(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, key === "token" ? "<token>" : steady(member)]),
    );
  }
  if (typeof value !== "string") return value;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value) || /^[A-Za-z0-9]{32}$/.test(value))
    return "<id>";
  if (/^\d{4}-\d\d-\d\dT/.test(value) && Math.abs(Date.parse(value) - Date.now()) < 600_000) return "<now>";
  return value.replaceAll(/\d{10}@/g, "<time>@");
}

/** A DELETE answers in the order of keys, and those are made by chance here. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      Array.isArray(member)
        ? member.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
        : member,
    ]),
  );
}

const seen = ({ method }: FileRequest, { status, headers, body }: FileAnswer): unknown => ({
  status,
  ...(headers.has("allow") && { allow: headers.get("allow") }),
  ...(body !== "" && { body: method === "DELETE" ? sorted(steady(body)) : steady(body) }),
});

describe("sandbox/requests.http, from first to last", () => {
  const file = readHttpFile(readPage("sandbox/requests.http"));
  let sandbox: Sandbox;
  let runner: HttpRunner;
  beforeAll(async () => {
    sandbox = await fresh("requests.db");
    runner = new HttpRunner(file, { hostname: sandbox.url });
  });
  afterAll(() => sandbox.stop());

  test("it has requests, and each says what it answers", () => {
    expect(file.requests.length).toBeGreaterThan(70);
    expect(file.requests.filter(({ status }) => status === undefined)).toEqual([]);
  });

  for (const [index, request] of file.requests.entries()) {
    test(`${index + 1}. ${request.title}: ${request.status}`, async () => {
      const answer = await runner.send(request);
      expect(answer.status).toBe(request.status!);
      expect(seen(request, answer)).toMatchSnapshot();
    });
  }
});

const PASSWORDS: Readonly<Record<string, string>> = { user: "User@1234", admin: "Admin@1234" };

describe("the manual's examples, from the README to the last chapter", () => {
  let sandbox: Sandbox;
  const runners = new Map<string | undefined, HttpRunner>();

  beforeAll(async () => {
    sandbox = await fresh("manual.db");
  });
  afterAll(() => sandbox.stop());

  async function runnerOf(user: string | undefined): Promise<HttpRunner> {
    const known = runners.get(user);
    if (known !== undefined) return known;
    const runner = new HttpRunner({ variables: new Map(), requests: [] }, {});
    if (user !== undefined) {
      const body = JSON.stringify({ email: `${user}@local.dev`, password: PASSWORDS[user] });
      const headers = { Origin: sandbox.url, "Content-Type": "application/json" };
      const url = `${sandbox.url}/api/auth/sign-in/email`;
      const { status } = await runner.send({
        title: "sign in",
        name: undefined,
        status: 200,
        method: "POST",
        url,
        headers,
        body,
      });
      expect(status).toBe(200);
    }
    runners.set(user, runner);
    return runner;
  }

  test("there are many", () => {
    expect(PAGES.flatMap((page) => examplesOf(readPage(page))).length).toBeGreaterThan(60);
  });

  for (const page of PAGES) {
    const examples = examplesOf(readPage(page));

    test(`${page}: no http block stands without its answer`, () => {
      expect([...readPage(page).matchAll(/^```http/gm)].length).toBe(examples.length);
    });

    for (const { line, user, request, status, answer } of examples) {
      test(`${page}:${line}: ${request.split("\n")[0]}`, async () => {
        const [parsed] = readHttpFile(
          `### ${line}\n${request.replace(/^([A-Z]+) \//, `$1 ${sandbox.url}/`)}`,
        ).requests;
        const got = await (await runnerOf(user)).send(parsed!);
        expect(got.status).toBe(status);
        expect(steady(got.body)).toEqual(JSON.parse(answer));
      });
    }
  }
});

describe("the manual's table of errors", () => {
  const rows = [...readPage("docs/reference.md").matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(
    ([, code, status]) => [code!, Number(status)],
  );

  test("has a row for each code of the catalogue, with its status, and no other", () => {
    expect(Object.fromEntries(rows)).toEqual({ ...STATUS });
    expect(rows.length).toBe(Object.keys(STATUS).length);
  });
});

test("the manual's table of differences has a row for each that the databases are tested for, and no other", () => {
  const text = readPage("docs/databases.md");
  const table = /\| what \| on SQLite \| on PostgreSQL \|\n.*\n((?:\|.*\n)+)/.exec(text)![1]!;
  const rows = table.trimEnd().split("\n");
  expect(rows.map((row) => row.split(" | ")[0]!.slice(2))).toEqual(DIFFERENCES.map(({ what }) => what));
});

describe("the pages of the manual", () => {
  const lines = (page: string): number => readPage(page).trimEnd().split("\n").length;

  test("the README has 300 lines at most", () => expect(lines("README.md")).toBeLessThanOrEqual(300));

  test.each([CONTENTS, ...CHAPTERS])("%s has fewer than 400 lines", (page) => {
    expect(lines(page)).toBeLessThan(400);
  });

  test("each is listed in the table of contents", () => {
    const files = [...new Bun.Glob("docs/**/*.md").scanSync(root)];
    expect(files.toSorted()).toEqual([CONTENTS, ...CHAPTERS].toSorted());
  });
});
