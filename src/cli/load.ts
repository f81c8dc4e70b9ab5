import { existsSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { QueryRouteOptions } from "../http/route.ts";
import type { AnyACL, AnyTableRules, LimitOptions } from "../policy/policy.ts";
import { Failure, Misuse } from "./command.ts";

/** What a module exports of an application. */
export interface Api {
  readonly acl: AnyACL;
  readonly schema: Record<string, unknown>;
  readonly tables?: AnyTableRules;
  readonly defaults?: LimitOptions;
  readonly database?: unknown;
  readonly session?: QueryRouteOptions["session"];
}

/** Loads a module of the application, which runs it. */
export async function loadApi(path: string | undefined): Promise<Api> {
  if (path === undefined)
    throw new Misuse("name the module that exports `acl` and `schema`, such as ./src/api.ts");
  const file = resolve(path);
  if (!existsSync(file)) throw new Failure(`there is no ${path}`);
  await understandTypeScript(file);
  const module = await load(file);
  const acl = module["acl"] ?? module["default"];
  const { schema, tables, defaults, database, session } = module;
  if (!isMap(acl)) throw new Failure(`${path} exports no \`acl\``);
  if (!isMap(schema))
    throw new Failure(`${path} exports no \`schema\`: write \`export * as schema from "./schema"\``);
  // What they hold is checked where they are used.
  return { acl, schema, tables, defaults, database: await database, session } as Api;
}

async function load(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new Failure(`${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const TSX: string = "tsx/esm/api";

/** Bun reads TypeScript; Node does with `tsx`, which applications on Node have. */
async function understandTypeScript(file: string): Promise<void> {
  if (!/\.[cm]?tsx?$/.test(file) || "bun" in process.versions) return;
  try {
    // Nobody depends on it here, so it is found by its name alone.
    const tsx = (await import(TSX)) as { register(): unknown };
    tsx.register();
  } catch {
    throw new Failure(`Node reads no TypeScript by itself: install \`tsx\`, or run this with \`bunx --bun\``);
  }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
