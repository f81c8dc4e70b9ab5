/* An application that is bundled, package and all: it prints what it is told of its lane, once it should have one. */
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createQueryHandler, type Dialect } from "@bepalo/query";
import { tag } from "../support/schema.ts";

const dialects: Dialect[] = [];
const told: string[] = [];
createQueryHandler({
  acl: {},
  database: drizzle(new Database(process.argv[2]), { schema: { tag } }),
  schema: { tag },
  onWarning: (sentence) => told.push(sentence),
  dialect: (_, found) => (dialects[0] = found()),
});
await Bun.sleep(500);
console.log(JSON.stringify([dialects[0]!.lane === undefined, told]));
