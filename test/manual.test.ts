import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import { STATUS } from "../src/error.ts";
import { DIFFERENCES } from "./dialect/differences.ts";
import { type FileAnswer, type FileRequest, HttpRunner, readHttpFile } from "./support/http-file.ts";

const root = join(import.meta.dir, "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

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
  const file = readHttpFile(read("sandbox/requests.http"));
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

/** A request of the README and the answer that stands under it. */
interface Example {
  readonly line: number;
  readonly user: string | undefined;
  readonly request: string;
  readonly status: number;
  readonly answer: string;
}

/** The pairs of an `http` block (as whom it is sent stands beside it) and the `json` block under it. */
function examples(markdown: string): readonly Example[] {
  const pairs = markdown.matchAll(
    /^```http(?: as (\w+))?\n([\s\S]*?)^```\n+```json(?: (\d{3}))?\n([\s\S]*?)^```/gm,
  );
  return [...pairs].map(({ index, 1: user, 2: request, 3: status, 4: answer }) => ({
    line: markdown.slice(0, index).split("\n").length,
    user,
    request: request!,
    status: Number(status ?? 200),
    answer: answer!,
  }));
}

const PASSWORDS: Readonly<Record<string, string>> = { user: "User@1234", admin: "Admin@1234" };

describe("the README's examples", () => {
  const found = examples(read("README.md"));
  let sandbox: Sandbox;
  const runners = new Map<string | undefined, HttpRunner>();

  beforeAll(async () => {
    sandbox = await fresh("readme.db");
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

  test("there are some for every chapter", () => expect(found.length).toBeGreaterThan(15));

  test("no http block stands without its answer", () => {
    expect([...read("README.md").matchAll(/^```http/gm)].length).toBe(found.length);
  });

  for (const { line, user, request, status, answer } of found) {
    test(`line ${line}: ${request.split("\n")[0]}`, async () => {
      const [parsed] = readHttpFile(
        `### ${line}\n${request.replace(/^([A-Z]+) \//, `$1 ${sandbox.url}/`)}`,
      ).requests;
      const got = await (await runnerOf(user)).send(parsed!);
      expect(got.status).toBe(status);
      expect(steady(got.body)).toEqual(JSON.parse(answer));
    });
  }
});

describe("the README's table of errors", () => {
  const rows = [...read("README.md").matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => [
    code!,
    Number(status),
  ]);

  test("has a row for each code of the catalogue, with its status, and no other", () => {
    expect(Object.fromEntries(rows)).toEqual({ ...STATUS });
    expect(rows.length).toBe(Object.keys(STATUS).length);
  });
});

test("the README's table of differences has a row for each that the databases are tested for, and no other", () => {
  const table = /\| what \| on SQLite \| on PostgreSQL \|\n.*\n((?:\|.*\n)+)/.exec(read("README.md"))![1]!;
  const rows = table.trimEnd().split("\n");
  expect(rows.map((row) => row.split(" | ")[0]!.slice(2))).toEqual(DIFFERENCES.map(({ what }) => what));
});
