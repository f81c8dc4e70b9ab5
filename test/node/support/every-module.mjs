/* Loads every module of the package that is installed beside this file, and tells how many there were. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = fileURLToPath(new URL("node_modules/@bepalo/query/dist", import.meta.url));
const modules = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".js"));
for (const name of modules) await import(pathToFileURL(join(folder, name)).href);

const { createQueryHandler } = await import("@bepalo/query");
const { RJSON } = await import("@bepalo/query/rjson");
const { createQueryClient } = await import("@bepalo/query/client");
console.log(
  JSON.stringify([modules.length, [createQueryHandler, RJSON.parse, createQueryClient].map((f) => typeof f)]),
);
