import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openapi } from "@bepalo/query/openapi";
import acl, { tables } from "@/db/acl";
import * as schema from "@/db/schema";
import { main } from "../../src/cli/main.ts";
import { packageFolder, sourcesFolder, writeFiles } from "../support/application.ts";
import { installed, missing, NODE } from "../support/node.ts";

// The commands as processes, on both runtimes.

const root = join(import.meta.dir, "../..");
const absent =
  missing("node-postgres") ?? (Bun.which("createdb") === null ? "there is no createdb" : undefined);
if (absent !== undefined) console.warn(`init for PostgreSQL is not tried out: ${absent}`);
const PROGRAM = join(root, "src/cli/main.ts");

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

async function run(
  program: readonly string[],
  args: readonly string[],
  cwd: string,
  env = {},
): Promise<Ended> {
  const child = Bun.spawn([...program, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, complaints };
}

const query = (args: readonly string[], cwd = root, env = {}): Promise<Ended> =>
  run([process.execPath, PROGRAM], args, cwd, env);

/** The same in this process, where nothing is loaded that might stay. */
async function told(...args: readonly string[]): Promise<Ended> {
  let [said, complaints] = ["", ""];
  const out = spyOn(process.stdout, "write").mockImplementation((text) => ((said += String(text)), true));
  const err = spyOn(process.stderr, "write").mockImplementation(
    (text) => ((complaints += String(text)), true),
  );
  try {
    return { code: await main(args), out: said, complaints };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "commands-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFiles(folder, ["docs/start.md", "docs/cli.md"]);
  const paths = { "@bepalo/query": [join(root, "src/index.ts")] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { paths } }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("each command", () => {
  test.each(["init", "lint", "matrix", "explain", "test", "openapi"])(
    "%s says what it takes",
    async (name) => {
      const { code, out } = await told(name, "--help");
      expect(code).toBe(0);
      expect(out).toStartWith(`query ${name} `);
      for (const option of ["--json", "--help", "Exit codes: 0"]) expect(out).toContain(option);
      const { help } = JSON.parse((await told(name, "--help", "--json")).out) as { help: string };
      expect(help).toBe(out);
      const strange = await told(name, "--nothing");
      expect([strange.code, strange.out]).toEqual([2, ""]);
      expect(strange.complaints).toContain("--nothing");
      if (name !== "init") expect((await told(name)).code).toBe(2);
    },
  );

  test("that is none is told so", async () => {
    expect(await query(["lnt"])).toMatchObject({
      code: 2,
      out: "",
      complaints: expect.stringContaining("no command `lnt`"),
    });
    expect((await told()).code).toBe(2);
  });

  test.each([
    [["lint", "./nothing.ts"], 1, "there is no ./nothing.ts"],
    [["lint", "src/cli/main.ts"], 1, "exports no `acl`"],
    [["matrix", "sandbox/api.ts", "--format", "pdf"], 2, "--format takes table"],
    [["matrix", "sandbox/api.ts", "--format", "constructor"], 2, "--format takes table"],
    [["matrix", "sandbox/api.ts", "--check", "README.md"], 1, "README.md is no JSON"],
    [["test", "sandbox/api.ts", "--format", "constructor"], 2, "--format takes text"],
    [["openapi", "sandbox/api.ts", "--out", "nowhere/at/all.json"], 1, "nowhere/at/all.json"],
    [["openapi", "sandbox/api.ts", "--batch", "many"], 2, "--batch takes a whole number from 1"],
    [["explain", "sandbox/api.ts", "POST fruits", "--body", "("], 1, "`body` takes JSON"],
    [["init", "--db", "mysql"], 2, "--db takes sqlite, postgres"],
    [["init", "--db", "constructor"], 2, "--db takes sqlite, postgres"],
    [["explain", "sandbox/api.ts"], 2, "the request in quotes"],
    [["explain", "sandbox/api.ts", "feed", "--context", "[1]"], 2, "--context takes an object"],
    [["test", "sandbox/api.ts", "nothing.json"], 2, "there is no nothing.json"],
  ] as const)("%p ends with %i", async (args, code, sentence) => {
    const ended = await told(...args, "--json");
    expect([ended.code, (JSON.parse(ended.out) as { error: string }).error]).toEqual([
      code,
      expect.stringContaining(sentence),
    ]);
  });
});

describe("the sandbox", () => {
  test("has its matrix beside it, and it is current", async () => {
    const { code, out } = await told("matrix", "sandbox/api.ts", "--format", "json");
    expect([code, out]).toEqual([0, readFileSync(join(root, "sandbox/access-matrix.json"), "utf8")]);
  });

  test("has cases beside it, and they pass", async () => {
    const { code, out } = await query(["test", "sandbox/api.ts", "--json"]);
    const { passed, failed } = JSON.parse(out) as { passed: number; failed: number };
    expect([code, failed, passed > 9]).toEqual([0, 0, true]);
  });
});

test("mistakes are told with their places", async () => {
  const broken = `import * as schema from "./schema";
    export { schema };
    export const acl = { notes: { table: "note", control: { GET: { all: { select: { columns: ["titel"] }, slect: true } } } } };`;
  writeFileSync(join(folder, "broken.ts"), broken);
  const { code, out } = await query(["lint", "broken.ts", "--json"], folder);
  expect([code, JSON.parse(out)]).toEqual([
    1,
    {
      findings: [
        {
          kind: "mistake",
          sentence: expect.stringContaining("acl.notes.control.GET.all: unknown key `slect`"),
        },
        { kind: "mistake", sentence: expect.stringContaining("unknown column `titel`") },
      ],
    },
  ]);
});

test("rows of cases that fit no table are told with their places", async () => {
  for (const [rows, sentence] of [
    ['{ "nothing": [] }', "rows.nothing: the schema has no such table"],
    ['{ "fruit": [{ "nam": "Fig" }] }', "rows.fruit[0]: the table has no column `nam`"],
    ['{ "fruit": [{ "sweetness": "very" }] }', "rows.fruit[0].sweetness: expected a finite number"],
  ] as const) {
    const file = join(folder, "rows.json");
    writeFileSync(file, `{ "cases": [], "rows": ${rows} }`);
    const { code, out } = await told("test", "sandbox/api.ts", file, "--json");
    expect([code, (JSON.parse(out) as { error: string }).error]).toEqual([1, sentence]);
  }
});

test("a document says what only the route is told, where the command is told, too", async () => {
  const role = ["openapi", "sandbox/api.ts", "--role", "user"];
  const flags = ["--batch", "7", "--live", "9", "--problems", "--idempotency", "--json-patch"];
  const { code, out } = await told(...role, ...flags);
  const features = { batch: 7, live: 9, problems: true, idempotency: true, jsonPatch: true };
  const document = openapi(acl, schema, { role: "user", tables, ...features });
  expect([code, JSON.parse(out)]).toEqual([0, JSON.parse(JSON.stringify(document))]);
});

test("whatever is found has its kind and its place", async () => {
  const module = `import { relations } from "drizzle-orm";
    import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
    const user = sqliteTable("user", { id: integer().primaryKey(), token: text() });
    const note = sqliteTable("note", { id: integer().primaryKey(), userId: integer().references(() => user.id) });
    const userRelations = relations(user, ({ many }) => ({ notes: many(note) }));
    const noteRelations = relations(note, ({ one }) => ({ user: one(user, { fields: [note.userId], references: [user.id] }) }));
    export const schema = { user, note, userRelations, noteRelations };
    const GET = { all: { select: { columns: ["id", "token"] }, with: { notes: { select: true } } }, guest: { select: { columns: ["id"] } }, mine: { select: { columns: ["id"] }, where: (_, user, { eq }) => eq(user.id, 1) } };
    export const acl = { users: { table: "user", control: { GET, DELETE: { admin: {} } } } };`;
  writeFileSync(join(folder, "found.ts"), module);
  const { code, out } = await query(["lint", "found.ts", "--json"], folder);
  const { findings } = JSON.parse(out) as { findings: readonly { kind: string; sentence: string }[] };
  expect(code).toBe(0);
  const of = (kind: string): readonly string[] =>
    findings.filter((one) => one.kind === kind).map(({ sentence }) => sentence);
  expect(of("secret")).toEqual([
    "acl.users.control.GET.all.select: `token` looks like a secret, and is let out",
  ]);
  expect(of("unlimited")).toEqual([
    expect.stringContaining("acl.users.control.DELETE.admin: one request may reach"),
  ]);
  expect(of("slow")).toEqual([expect.stringContaining("notes")]);
  expect(of("unreachable")).toEqual([
    expect.stringContaining("acl.users.control.GET.all: it answers nobody"),
  ]);
  expect((await query(["lint", "found.ts", "--deny"], folder)).code).toBe(1);
});

describe("cases on the module's own database", () => {
  const MODULE = `import { db } from "./db"; export { default as acl } from "./acl"; export * as schema from "./schema"; export const database = db;`;
  const CASES = {
    callers: { ann: { role: "user", context: { user: { id: "ann" } } } },
    cases: [
      {
        as: "ann",
        request: "POST notes?select=(columns:~T(title)~)",
        body: { title: "Eggs <&>" },
        rows: [{ title: "Eggs" }],
      },
      { as: "ann", request: "GET notes", rows: [] },
    ],
  };

  test("leave nothing there, and are refused in production", async () => {
    writeFileSync(join(folder, "own.ts"), MODULE);
    writeFileSync(join(folder, "own.json"), JSON.stringify(CASES));
    const env = { DB_FILE_NAME: `file:${join(folder, "own.db")}` };
    const made = `import { db } from "./db"; import { user } from "./schema"; import { sql } from "drizzle-orm";
      await db.run(sql\`create table user (id text primary key, name text, role text, token text)\`);
      await db.run(sql\`create table note (id text primary key, user_id text, title text, body text, created_at integer)\`);
      await db.insert(user).values({ id: "ann", name: "Ann", token: "a" });`;
    expect(await run([process.execPath, "-e", made], [], folder, env)).toMatchObject({
      code: 0,
      complaints: "",
    });
    const { code, out } = await query(
      ["test", "own.ts", "own.json", "--database", "--format", "junit"],
      folder,
      env,
    );
    expect(code).toBe(1);
    expect(out).toContain('<testsuite name="access" tests="2" failures="1">');
    expect(out).toContain("+ notes[0].title: &quot;Eggs &lt;&amp;&gt;&quot;");
    const production = { ...env, NODE_ENV: "production" };
    const refused = await query(["test", "own.ts", "own.json", "--database"], folder, production);
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining("NODE_ENV=production")]);
    expect((await query(["explain", "own.ts", "notes", "--as", "admin"], folder, production)).code).toBe(1);
  }, 60_000);
});

test("a file of cases that says what nobody compares is no such file", async () => {
  for (const [index, cases] of [
    "no JSON",
    "{}",
    '{ "cases": [{ "request": "notes", "expect": [] }] }',
    '{ "cases": [{ "request": "notes", "as": "ann" }] }',
    '{ "cases": [{}] }',
    "null",
    '{ "cases": [], "callers": 1 }',
    '{ "cases": [], "callers": { "ann": null } }',
    '{ "cases": [], "rows": [] }',
    '{ "cases": [], "rows": { "fruit": [1] } }',
  ].entries()) {
    const file = join(folder, `wrong-${index}.json`);
    writeFileSync(file, cases);
    const { code, out } = await told("test", "sandbox/api.ts", file, "--json");
    expect([code, (JSON.parse(out) as { error: string }).error]).toEqual([
      1,
      expect.stringContaining("wrong-"),
    ]);
  }
});

test("a write that is made of several requests is explained part by part", async () => {
  const body = '{ "name": "New", "fruit": [{ "name": "Fig" }] }';
  const { code, out } = await told("explain", "sandbox/api.ts", "POST baskets", "--body", body);
  expect(code).toBe(0);
  expect(out).toMatch(
    /what is done, in this order\n\nPOST baskets itself\n\nfruit: POST fruits by acl\.fruits\.control\.POST\.all\n {4}fruit by /,
  );
});

test("init in an empty directory, followed by its own commands, runs", async () => {
  const app = sourcesFolder([]);
  try {
    const { code, out } = await query(["init", "--json"], app.path);
    expect(code).toBe(0);
    const { written, commands } = JSON.parse(out) as { written: string[]; commands: string[] };
    expect(written).toEqual(["schema.ts", "db.ts", "acl.ts", "index.ts", "drizzle.config.ts"]);
    // What it depends on is there already.
    const steps = commands.filter((line) => !line.startsWith("bun add "));
    for (const line of steps.slice(0, -1)) await app.run(line);
    const origin = await app.serve(steps.at(-1)!);
    const headers = { authorization: "Bearer ann-secret", "content-type": "application/json" };
    const answer = await fetch(`${origin}/query/notes`, {
      method: "POST",
      headers,
      body: '{ "title": "Milk" }',
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { rowsAffected: 1, notes: [{ title: "Milk" }] },
    ]);
  } finally {
    await app.remove();
  }
}, 60_000);

describe.skipIf(absent !== undefined)("init for PostgreSQL", () => {
  const server = new URL(process.env["TEST_POSTGRES_URL"] ?? "postgres://localhost");
  const name = `init_${process.pid}`;
  const env = {
    PGHOST: server.hostname,
    PGPORT: server.port || "5432",
    PGUSER: decodeURIComponent(server.username),
    PGPASSWORD: decodeURIComponent(server.password),
  };

  test("in an empty directory, followed by its own commands, runs", async () => {
    const app = await packageFolder([], env);
    try {
      rmSync(join(app.path, "package.json"));
      const program = join(await installed(), "node_modules/@bepalo/query/dist/src/cli/main.js");
      const { code, out } = await run([NODE!, program], ["init", "--db", "postgres", "--json"], app.path);
      expect(code).toBe(0);
      const { commands } = JSON.parse(out) as { commands: readonly string[] };
      // What it depends on is there already; the database is one of its own, on the server of the tests.
      const steps = commands
        .filter((line) => !line.startsWith("npm install "))
        .map((line) => line.replace("createdb notes", `createdb ${name}`))
        .map((line) =>
          line.replace(
            "postgres://localhost:5432/notes",
            Object.assign(new URL(server), { pathname: `/${name}` }).href,
          ),
        );
      expect(steps).toEqual([
        "npm init -y && npm pkg set type=module",
        expect.stringContaining(`createdb ${name} && export DATABASE_URL=`),
        "npx drizzle-kit push",
        "node --import tsx seed.ts",
        "node --import tsx index.ts",
      ]);
      // One shell, as what is exported is there for the next line; the server alone is heard.
      const lines = ["exec 3>&1 >&2", ...steps.slice(0, -1), `exec ${steps.at(-1)!} >&3`];
      writeFileSync(join(app.path, "all.sh"), lines.join("\n"));
      const origin = await app.serve("sh -e all.sh");
      const headers = { authorization: "Bearer ann-secret", "content-type": "application/json" };
      const answer = await fetch(`${origin}/query/notes`, {
        method: "POST",
        headers,
        body: '{ "title": "Milk" }',
      });
      expect([answer.status, await answer.json()]).toMatchObject([
        200,
        { rowsAffected: 1, notes: [{ title: "Milk" }] },
      ]);
    } finally {
      await app.remove();
      await run(["dropdb", "--force", name], [], root, env);
    }
  }, 120_000);
});

describe.skipIf(NODE === undefined)("on Node, as the package is installed", () => {
  let app: string;
  let program: readonly string[];
  beforeAll(async () => {
    app = mkdtempSync(join(await installed(), "commands-"));
    writeFiles(app, ["docs/start.md", "docs/cli.md"]);
    writeFileSync(join(app, "package.json"), '{ "type": "module" }');
    mkdirSync(join(app, "empty"));
    program = [NODE!, join(await installed(), "node_modules/@bepalo/query/dist/src/cli/main.js")];
  }, 120_000);

  test("they say the same", async () => {
    const args: readonly (readonly string[])[] = [
      ["matrix", "./api.ts", "--json"],
      ["explain", "./api.ts", "notes", "--as", "admin", "--json"],
    ];
    for (const one of args) {
      const [there, here] = await Promise.all([run(program, one, app), query(one, folder)]);
      expect([there.code, there.complaints]).toEqual([0, ""]);
      const steady = (text: string): unknown =>
        JSON.parse(text, (key, value: unknown) =>
          key === "milliseconds" || key === "dynamic" ? undefined : value,
        );
      expect(steady(there.out)).toEqual(steady(here.out));
    }
  }, 60_000);

  test("init writes what its page says for PostgreSQL, and the others end as they should", async () => {
    const { code, out } = await run(program, ["init", "empty", "--db", "postgres", "--json"], app);
    const { written, commands } = JSON.parse(out) as { written: string[]; commands: string[] };
    expect([code, written.map((name) => name.slice("empty/".length))]).toEqual([
      0,
      ["schema.ts", "db.ts", "acl.ts", "index.ts", "drizzle.config.ts", "seed.ts"],
    ]);
    expect(commands.at(-1)).toBe("node --import tsx index.ts");
    expect((await run(program, ["lint", "./api.ts", "--deny"], app)).code).toBe(0);
    writeFileSync(join(app, "cases.json"), '{ "cases": [{ "request": "notes", "status": 200 }] }');
    const failed = await run(program, ["test", "./api.ts", "cases.json"], app);
    expect([failed.code, failed.out]).toEqual([
      1,
      expect.stringContaining("- status: 200\n        + status: 401"),
    ]);
    expect((await run(program, ["openapi", "./api.ts"], app)).out).toStartWith('{\n  "openapi": "3.1.0"');
  }, 60_000);
});
