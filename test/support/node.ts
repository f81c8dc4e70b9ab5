import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Database } from "bun:sqlite";
import { type NodeDatabaseName, speaks, type Tables } from "../node/support/database.ts";
import { ONE_CHECKER } from "./compiler.ts";
import { ddl } from "./databases.ts";
import { isLeftOut, openPostgresql, postgresqlDDL, type PostgresqlOptions } from "./postgresql.ts";

const root = join(import.meta.dir, "../..");

/** The folder of a compiled better-sqlite3, if there is one. */
const BETTER_SQLITE3 = process.env["TEST_BETTER_SQLITE3"];

/** The Node that programs run on, 20 or newer; `undefined` where there is none. */
export const NODE: string | undefined = findNode();

function findNode(): string | undefined {
  const found = Bun.which(process.env["TEST_NODE"] ?? "node");
  if (found !== null) {
    // A `node` that is Bun in disguise says so.
    const { stdout } = Bun.spawnSync([found, "-p", "process.versions.bun ?? process.versions.node"]);
    const version = stdout.toString().trim();
    if (Number.parseInt(version, 10) >= 20) return found;
  }
  console.warn("what runs on Node is left out: there is no `node` of version 20 or newer");
  return undefined;
}

/** Why programs cannot be run over a database here; `undefined` where they can. */
export function missing(name: NodeDatabaseName): string | undefined {
  if (NODE === undefined) return "there is no node";
  if (name === "better-sqlite3" && BETTER_SQLITE3 === undefined)
    return "TEST_BETTER_SQLITE3 names no compiled better-sqlite3";
  if (name === "postgres.js" || name === "node-postgres")
    return isLeftOut(name.replace(".", "-")) ? "TEST_POSTGRES_URL names no server" : undefined;
  return undefined;
}

let building: Promise<string> | undefined;

/**
 * A folder as an application has it that installed the package: what `npm run build` makes of it stands in
 * `node_modules`, beside everything this repository has installed.
 */
export function installed(): Promise<string> {
  return (building ??= install());
}

/** Where processes of one run share what the first of them has built; it is removed when all have ended. */
const SHARED = process.env["QUERY_TEST_PACKAGE"];
/** How long others wait for who builds, in milliseconds. */
const BUILDING = 90_000;

async function install(): Promise<string> {
  if (SHARED !== undefined) return installOnce(SHARED);
  const folder = mkdtempSync(join(tmpdir(), "query-node-"));
  removeLater(folder);
  await installIn(folder);
  return folder;
}

/** Only one process makes a folder that is not there; it says when all is in it. */
async function installOnce(folder: string): Promise<string> {
  const ready = join(folder, "ready");
  if (mkdirSync(folder, { recursive: true }) !== undefined) {
    await installIn(folder);
    writeFileSync(ready, "");
  }
  for (const end = Date.now() + BUILDING; !existsSync(ready); await Bun.sleep(50))
    if (Date.now() > end) throw new Error("another process has not built the package");
  return folder;
}

async function installIn(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  const own = join(modules, "@bepalo/query");
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(join(root, "node_modules")))
    if (!name.startsWith(".") && name !== "@bepalo")
      symlinkSync(join(root, "node_modules", name), join(modules, name));
  standIn(join(modules, "better-sqlite3"));
  for (const name of ["package.json", "docs"]) symlinkSync(join(root, name), join(own, name));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const build = Bun.spawn(
    [NODE!, tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", join(own, "dist"), ...ONE_CHECKER],
    { stdout: "pipe", stderr: "inherit" },
  );
  const complaints = await new Response(build.stdout).text();
  if (!existsSync(join(own, "dist/src/index.js")))
    throw new Error(`the package was not built\n${complaints}`);
  const page = [join(root, "src/explorer/build.ts"), join(own, "dist/src/explorer")];
  if (!Bun.spawnSync([process.execPath, ...page], { stderr: "inherit" }).success)
    throw new Error("the explorer's page was not made");
}

/**
 * Test files share the folder, and none of them is told that it is the last: what waits for the end of this process
 * removes it. It is a grandchild, because children are killed when a test takes too long.
 */
function removeLater(folder: string): void {
  const waits = '(while kill -0 "$1"; do sleep 1; done; rm -rf "$0") &';
  const command = ["sh", "-c", waits, folder, String(process.pid)];
  Bun.spawnSync(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
}

/** The driver is compiled where it is installed, which takes a minute; libsql has the same interface. */
function standIn(folder: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), `{ "name": "better-sqlite3", "main": "index.js" }`);
  writeFileSync(join(folder, "index.js"), `module.exports = require(process.env.BETTER_SQLITE3);`);
}

const programs = new Map<string, Promise<string>>();

/** A program as JavaScript, in the folder of an application. */
function bundled(program: string): Promise<string> {
  let made = programs.get(program);
  if (made === undefined) programs.set(program, (made = bundle(program)));
  return made;
}

async function bundle(program: string): Promise<string> {
  const outdir = mkdtempSync(join(await installed(), "program-"));
  const { outputs } = await Bun.build({
    entrypoints: [program],
    outdir,
    target: "node",
    packages: "external",
    external: ["@bepalo/*"], // else the sources are found first
  });
  return join(outdir, basename(outputs[0]!.path));
}

/** A program that answers requests in a process of its own. */
export interface NodeServer {
  /** Where it listens, without a slash at the end. */
  readonly origin: string;
  readonly pid: number;
  /** The file of its database, or its address on a server. */
  readonly database: string;
  /** What it wrote to its standard error so far. */
  readonly complaints: () => string;
  /** Ends it at once, and removes its database. */
  readonly close: () => Promise<void>;
}

/** What else a program is started with. */
export interface NodeOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Which runtime it runs on; Bun runs it as it is written, over the sources. */
  readonly on?: "node" | "bun";
  /** How a database on a server of PostgreSQL is made. */
  readonly server?: PostgresqlOptions;
}

/**
 * Starts a program over a fresh database with the tables it calls for. It opens the database by `openDatabase`, listens
 * on the port `PORT` says, and prints the one it got.
 */
export async function startNode(
  program: string,
  name: NodeDatabaseName,
  tables: Tables,
  { env = {}, on = "node", server = {} }: NodeOptions = {},
): Promise<NodeServer> {
  const database = await prepare(name, tables, server);
  const command =
    on === "bun"
      ? [process.execPath, program]
      : [NODE!, "--preserve-symlinks", "--preserve-symlinks-main", await bundled(program)];
  const child = Bun.spawn(command, {
    stdout: "pipe",
    stderr: "pipe",
    env: {
      ...process.env,
      PORT: "0",
      DATABASE: name,
      BETTER_SQLITE3: name === "better-sqlite3" ? BETTER_SQLITE3! : "libsql",
      ...database.env,
      ...env,
    },
  });
  let complaints = "";
  const reading = (async () => {
    for await (const chunk of child.stderr) complaints += new TextDecoder().decode(chunk);
  })();
  const close = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    await database.close();
  };
  const { value } = await child.stdout.getReader().read();
  const port = /(\d+)\D*$/.exec(new TextDecoder().decode(value))?.[1];
  if (port === undefined) {
    await reading;
    await close();
    throw new Error(`${program} did not start\n${complaints}`);
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: child.pid,
    database: database.env["DATABASE_URL"] ?? "",
    complaints: () => complaints,
    close,
  };
}

/** A database for a process, its environment, and what removes it. */
interface Prepared {
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => void | Promise<void>;
}

async function prepare(name: NodeDatabaseName, tables: Tables, server: PostgresqlOptions): Promise<Prepared> {
  if (speaks(name) === "sqlite") return prepareFile(tables.sqlite);
  if (name === "PGlite") {
    const statements = await postgresqlDDL(tables.postgresql);
    return { env: { DATABASE_STATEMENTS: statements.join("\n") }, close: () => undefined };
  }
  const opened = await openPostgresql("node-postgres", tables.postgresql, server);
  return { env: { DATABASE_URL: opened.url }, close: () => opened.close() };
}

async function prepareFile(schema: Record<string, unknown>): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), "query-"));
  const file = join(folder, "test.db");
  const database = new Database(file);
  for (const statement of await ddl(schema)) database.run(statement);
  database.close();
  return {
    env: { DATABASE_URL: file },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
