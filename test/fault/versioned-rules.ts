import { sql } from "drizzle-orm";

const free = { all: { select: true, write: true } };
const removal = { all: { select: true } };
/** Whoever may write has a row in another table. */
const entitled = {
  all: { select: true, write: true, where: () => sql`exists (select 1 from projects where name = 'Moon')` },
};

/** Tasks whose changes are counted and that are deleted softly, under several rules. */
export const versioned = {
  acl: {
    tasks: { table: "task", control: { GET: free, PATCH: free, DELETE: removal } },
    everything: { table: "task", control: { GET: { all: { select: true, deleted: "include" } } } },
    entitled: { table: "task", control: { PATCH: entitled, DELETE: entitled } },
    read: {
      table: "task",
      control: { DELETE: { all: { select: true, with: { project: { select: true } } } } },
    },
    hooked: {
      table: "task",
      control: {
        PATCH: { all: { ...free.all, beforeQuery: () => new Promise((resolve) => setTimeout(resolve, 2)) } },
      },
    },
  },
  tables: { task: { softDelete: "deletedAt", version: "version" } },
} as const;
