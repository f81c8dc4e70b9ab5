/* A server in a process of its own, whose callers all have one role: `bun pooled.ts <url> <role>`. It prints its port. */
import { createQueryRoute } from "@bepalo/query";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { Pool } from "pg";
import { note, schema } from "./postgresql.ts";

const [, , url = "", role = ""] = process.argv;

const route = createQueryRoute({
  acl: {
    notes: {
      table: "note",
      control: {
        GET: {
          admin: { select: true },
          user: { select: true, where: () => eq(note.label, "mine") },
        },
      },
    },
  },
  database: drizzle({ client: new Pool({ connectionString: url, max: 1 }), schema }),
  schema,
  session: { getRole: () => role },
  onWarning: () => undefined,
});
console.log(Bun.serve({ port: 0, hostname: "127.0.0.1", routes: { "/:id": route } }).port);
