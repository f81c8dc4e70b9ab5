import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "@/db/open";
import { startSandbox } from "@/index";
import { STATUS } from "../src/error.ts";
import { DIFFERENCES } from "./dialect/differences.ts";
import {
  commandsOf,
  type Folder,
  hasCommands,
  packageFolder,
  sourcesFolder,
  writeFiles,
} from "./support/application.ts";
import { ONE_CHECKER } from "./support/compiler.ts";
import { type FileAnswer, type FileRequest, HttpRunner, readHttpFile } from "./support/http-file.ts";
import { CHAPTERS, CONTENTS, examplesOf, PAGES, readPage } from "./support/manual.ts";
import { missing } from "./support/node.ts";
import { openPostgresql } from "./support/postgresql.ts";

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
  if (/^[\w-]{192}(?:[\w-]{576})?$/.test(value)) return "<cursor>";
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

  for (const request of file.requests) {
    test(`${request.title}: ${request.status}`, async () => {
      const answer = await runner.send(request);
      expect(answer.status).toBe(request.status!);
      expect(seen(request, answer)).toMatchSnapshot();
    });
  }
});

/** Where examples are sent, and how who asks is known there. */
interface Place {
  readonly send: (request: FileRequest, user: string | undefined) => Promise<FileAnswer>;
  readonly stop: () => Promise<void>;
}

const PASSWORDS: Readonly<Record<string, string>> = { user: "User@1234", admin: "Admin@1234" };

/** The sandbox, where people sign in. */
async function openSandbox(): Promise<Place> {
  const { url, stop } = await fresh("manual.db");
  const runners = new Map<string | undefined, Promise<HttpRunner>>();
  async function signIn(user: string | undefined): Promise<HttpRunner> {
    const runner = new HttpRunner({ variables: new Map(), requests: [] }, {});
    if (user === undefined) return runner;
    const body = JSON.stringify({ email: `${user}@local.dev`, password: PASSWORDS[user] });
    const headers = { Origin: url, "Content-Type": "application/json" };
    const request = readHttpFile(`### sign in\nPOST ${url}/api/auth/sign-in/email`).requests[0]!;
    expect((await runner.send({ ...request, headers, body })).status).toBe(200);
    return runner;
  }
  return {
    send: async (request, user) => {
      if (!runners.has(user)) runners.set(user, signIn(user));
      return (await runners.get(user)!).send({ ...request, url: url + request.url });
    },
    stop,
  };
}

/** The application a page tells to write, where a token says who asks. */
async function openApplication(folder: Folder, pages: readonly string[]): Promise<Place> {
  const runner = new HttpRunner({ variables: new Map(), requests: [] }, {});
  const last = (text: string): string =>
    commandsOf(
      pages.findLast((page) => hasCommands(page, text))!,
      text,
    );
  try {
    await folder.run(last("drizzle-kit push"));
    const origin = await folder.serve(last(" index.ts"));
    return {
      send: (request, user) =>
        runner.send({
          ...request,
          url: origin + request.url,
          headers: { ...request.headers, ...(user && { Authorization: `Bearer ${user}-secret` }) },
        }),
      stop: () => folder.remove(),
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function openOnBun(...pages: string[]): Promise<Place> {
  return openApplication(sourcesFolder(pages), pages);
}

async function openOnNode(...pages: string[]): Promise<Place> {
  const { url, close } = await openPostgresql("node-postgres", {});
  const folder = await packageFolder(pages, { DATABASE_URL: url });
  const { send, stop } = await openApplication(folder, pages);
  return { send, stop: async () => void (await Promise.all([stop(), close()])) };
}

/** The pages whose examples are sent to an application of their own. */
const APPLICATIONS: Readonly<Record<string, () => Promise<Place>>> = {
  "docs/start.md": () => openOnBun("docs/start.md"),
  "docs/start-node.md": () => openOnNode("docs/start-node.md"),
  "docs/written-once.md": () => openOnBun("docs/start.md", "docs/written-once.md"),
  "docs/tenants.md": () => openOnBun("docs/start.md", "docs/tenants.md"),
};

const absent = missing("node-postgres");
if (absent !== undefined) console.warn(`docs/start-node.md is not tried out: ${absent}`);

describe("the manual's examples, from the README to the last chapter", () => {
  let sandbox: Place;
  beforeAll(async () => {
    sandbox = await openSandbox();
  });
  afterAll(() => sandbox.stop());

  test("there are many", () => {
    expect(PAGES.flatMap((page) => examplesOf(readPage(page))).length).toBeGreaterThan(80);
  });

  describe.each([CONTENTS, ...PAGES])("%s", (page) => {
    const examples = examplesOf(readPage(page));
    const open = APPLICATIONS[page];

    test("no http block stands without its answer", () => {
      expect([...readPage(page).matchAll(/^```http/gm)].length).toBe(examples.length);
    });

    describe.skipIf(page === "docs/start-node.md" && absent !== undefined)("answers", () => {
      let place: Place;
      beforeAll(async () => {
        place = open === undefined ? sandbox : await open();
      }, 120_000);
      afterAll(async () => {
        if (open !== undefined) await place.stop();
      });

      /** The cursor that the last answer told, for the next request to use. */
      let cursor = "";
      for (const { line, user, request, status, answer } of examples) {
        test(`line ${line}: ${request.split("\n")[0]}`, async () => {
          const [parsed] = readHttpFile(`### ${line}\n${request.replace("<cursor>", cursor)}`).requests;
          const got = await place.send(parsed!, user);
          cursor = (got.body as { page?: { next?: string } } | undefined)?.page?.next ?? cursor;
          expect(got.status).toBe(status);
          expect(steady(got.body)).toEqual(JSON.parse(answer));
        });
      }
    });
  });
});

/** The programs that pages hold file by file, each under the pages whose files they consist of. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  start: ["docs/start.md"],
  readme: ["docs/start.md", "README.md"],
  testing: ["docs/start.md", "docs/testing.md"],
  once: ["docs/start.md", "docs/written-once.md"],
  tenants: ["docs/start.md", "docs/tenants.md"],
  params: ["docs/start.md", "docs/access-control.md"],
  openapi: ["docs/start.md", "docs/openapi.md"],
  watching: ["docs/start.md", "docs/watching.md"],
  node: ["docs/start-node.md"],
};

describe("the manual's programs", () => {
  let folder: Folder;
  beforeAll(() => {
    folder = sourcesFolder([]);
  });
  afterAll(() => folder.remove());

  test("have the right types", async () => {
    for (const [name, pages] of Object.entries(PROGRAMS)) writeFiles(join(folder.path, name), pages);
    writeFileSync(
      join(folder.path, "readme/session.ts"),
      'import type { Session } from "./db";\nexport declare function userOf(request: Request): Promise<Session["user"]>;\n',
    );
    await folder.run(`tsc -p . ${ONE_CHECKER.join(" ")}`);
  }, 120_000);

  test("test the rules they say they test", async () => {
    const output = await folder.run("cd testing && bun test");
    expect(output).toMatch(/\b9 pass\n\s+0 fail\n/);
  }, 120_000);
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
