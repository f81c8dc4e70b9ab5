import { sql } from "drizzle-orm";

const all = { select: true, write: true };
/** Each row says how often it was written. */
const counting = {
  POST: { all: { ...all, injectBody: (row: object) => ({ ...row, level: 1 }) } },
  PATCH: { all: { ...all, injectBody: (row: object) => ({ ...row, level: sql`level + 1` }) } },
};
const slow = { beforeQuery: () => new Promise((resolve) => setTimeout(resolve, 2)) };

/** Users that are counted as often as they are written, with hooks and without. */
export const upserted = {
  acl: {
    users: { table: "user", control: { GET: { all }, DELETE: { all: { select: true } }, ...counting } },
    plain: { table: "user", control: { POST: { all }, PATCH: { all } } },
    hooked: {
      table: "user",
      control: {
        POST: { all: { ...counting.POST.all, ...slow } },
        PATCH: { all: { ...counting.PATCH.all, ...slow } },
      },
    },
  },
  tables: { user: { version: "version" } },
} as const;
