// Programs of this folder over the package as it is built, on Node or on Bun.
import { basename, join } from "node:path";
import { installed, NODE } from "../test/support/node.ts";
import type { Runtime } from "./rival/rival.ts";

/** The folder of a compiled better-sqlite3, as tests are told it. */
const BETTER_SQLITE3 = process.env["TEST_BETTER_SQLITE3"];

/** What a driver lacks on Node here; `undefined` where nothing does. */
export function lacks(driver: string): string | undefined {
  if (NODE === undefined) return "there is no `node` of version 20 or newer";
  return driver === "better-sqlite3" && BETTER_SQLITE3 === undefined
    ? "TEST_BETTER_SQLITE3 names no compiled better-sqlite3"
    : undefined;
}

/** The version of Node, where there is one. */
export const versionOfNode = (): string =>
  NODE === undefined ? "" : Bun.spawnSync([NODE, "-p", "process.versions.node"]).stdout.toString().trim();

/** What programs on Node find in their environment. */
export const ENVIRONMENT: Readonly<Record<string, string>> =
  BETTER_SQLITE3 === undefined ? {} : { BETTER_SQLITE3 };

const made = new Map<string, Promise<string>>();

/** The command that runs a program of this folder. */
export async function commandOn(runtime: Runtime, program: string): Promise<readonly string[]> {
  let bundled = made.get(program);
  if (bundled === undefined) made.set(program, (bundled = bundle(program)));
  const file = await bundled;
  return runtime === "bun"
    ? [process.execPath, file]
    : [NODE!, "--preserve-symlinks", "--preserve-symlinks-main", file];
}

async function bundle(program: string): Promise<string> {
  const outdir = join(await installed(), "bench");
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, program)],
    outdir,
    target: "node",
    splitting: true, // else what only Bun has is imported at the top
    packages: "external",
    external: ["@bepalo/*"], // else the sources are found first
  });
  const entry = outputs.find(({ kind }) => kind === "entry-point")!;
  return join(outdir, basename(entry.path));
}
