import { join } from "node:path";
import { conforms } from "../dialect/conformance.ts";
import type { Traits } from "../dialect/ground.ts";
import { world as postgresql } from "../dialect/world/postgresql.ts";
import { world as sqlite } from "../dialect/world/sqlite.ts";
import { missing, startNode } from "../support/node.ts";
import { type NodeDatabaseName, speaks } from "./support/database.ts";

const program = join(import.meta.dir, "support/conformance.ts");
const settings = { timezone: "Asia/Kathmandu" };

/** What every database owes, of the built package on Node. */
const conformsOnNode = (name: NodeDatabaseName, traits: Omit<Traits, "speaks">): void => {
  const absent = missing(name);
  if (absent !== undefined) return console.warn(`${name} on Node is left out: ${absent}`);
  conforms(`${name} on Node`, {
    ...traits,
    speaks: speaks(name),
    start: async () => {
      const server = { linguistic: traits.texts === "language", settings };
      const { origin, close } = await startNode(program, name, { sqlite, postgresql }, { server });
      return { url: origin, close };
    },
  });
};

conformsOnNode("better-sqlite3", { alone: true, texts: "bytes" });
if (missing("better-sqlite3") !== undefined)
  conformsOnNode("better-sqlite3, played by libsql", { alone: true, texts: "bytes" });
conformsOnNode("libSQL file", { alone: false, texts: "bytes" });
conformsOnNode("node-postgres", { alone: false, texts: "language" });
