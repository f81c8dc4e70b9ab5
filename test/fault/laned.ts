/*
 * An application that asks its slow lane: `bun laned.ts <file> <end>`. It prints the number of its lane's process, then
 * ends by itself (`ends`), throws (`throws`), or waits at a statement that takes for ever (`asks`).
 */
import { Database as BunDatabase } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createQueryHandler, type Dialect, type Lane } from "@bepalo/query";
import * as schema from "../support/schema.ts";
import { ENDLESS, pidsOf } from "./lane.ts";

const [, , file = "", end] = process.argv;
const dialects: Dialect[] = [];
createQueryHandler({
  acl: {},
  database: drizzle(new BunDatabase(file), { schema }),
  schema,
  dialect: (_, found) => (dialects[0] = found()),
});
let lane: Lane | undefined;
while ((lane = dialects[0]!.lane) === undefined) await Bun.sleep(5);
const bounds = { milliseconds: 60_000, signal: new AbortController().signal };
await lane.read("select 1", [], bounds);
console.log(pidsOf()[0]);
if (end === "asks") await lane.read(ENDLESS, [], bounds);
if (end === "throws") throw new Error("the application fails");
