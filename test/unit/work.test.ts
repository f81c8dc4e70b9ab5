import { describe, expect, test } from "bun:test";
import { relations } from "drizzle-orm";
import { index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { parse } from "../../src/http/parse.ts";
import { planRead, type ReadNode } from "../../src/plan/plan.ts";
import { NOMINAL, roughly, type Sizes, weigh, workOf } from "../../src/plan/work.ts";
import { buildRegistry } from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";

const post = pgTable(
  "post",
  {
    id: integer("id").primaryKey(),
    userId: integer("user_id").notNull(),
    slug: text("slug").notNull(),
    lang: text("lang").notNull(),
    title: text("title").notNull(),
    made: integer("made").notNull(),
  },
  (t) => [
    index("by_user").on(t.userId, t.made),
    uniqueIndex("by_slug").on(t.slug, t.lang),
    index("by_title").using("hash", t.title),
  ],
);
const user = pgTable("user", { id: integer("id").primaryKey() });
const catalog = readCatalog({
  post,
  user,
  userRelations: relations(user, ({ many }) => ({ posts: many(post) })),
  postRelations: relations(post, ({ one }) => ({
    user: one(user, { fields: [post.userId], references: [user.id] }),
  })),
});

const rule = { select: true, maxWork: null, maxOffset: null, maxLimit: 5_000, maxCost: null } as const;
const registry = buildRegistry(
  {
    posts: { table: "post", control: { GET: { all: { ...rule, with: { user: true } } } } },
    users: { table: "user", control: { GET: { all: { ...rule, with: { posts: true } } } } },
    masked: {
      table: "post",
      control: {
        GET: {
          all: {
            ...rule,
            select: [
              { columns: new Set(["id", "lang", "made"]) },
              { columns: new Set(["userId", "slug", "title"]), when: () => true },
            ],
          },
        },
      },
    },
  },
  catalog,
);

function plan(path: string): ReadNode {
  const [resource = "", select] = path.split("?");
  const policy = registry.get(resource)!.get("GET")!.get("all")!;
  return planRead(policy, parse("GET", resource, `?select=${encodeURIComponent(select!)}`)).root;
}

/** A million posts of a thousand users, up to two thousand of one. */
const SIZES: Sizes = {
  known: true,
  rows: ({ name }) => (name === "post" ? 1_000_000 : 1_000),
  group: (_, columns) => (columns[0] === "user_id" ? 2_000 : 7),
};

describe("what a statement may look at in tables whose rows were counted", () => {
  test.each([
    ["posts?(where:(id:1))", 1.25],
    ["posts?(where:(slug:'a',lang:'en'))", 1.5],
    ["posts?(limit:20)", 20],
    ["posts?(limit:20,offset:500)", 520],
    ["posts?(limit:20,where:(id.gt:5))", 25],
    ["posts?(limit:20,with:(user:T))", 40],
    ["posts?(limit:20,where:(userId:5),orderBy:(made:desc))", 54.75],
    ["users?(limit:20,with:(posts:(limit:5,orderBy:(made:desc))))", 680],
    // An index ends where the columns that are given leave a gap.
    ["posts?(limit:20,where:(lang:'en'))", 1_250_000],
    ["posts?(limit:20,where:(slug:'a'))", 29.75],
    // A method that has no order sorts nothing, and finds no ranges.
    ["posts?(limit:20,where:(title:'a'))", 29.75],
    ["posts?(limit:20,orderBy:(title:asc))", 4_000_000],
    ["posts?(limit:20,where:(title.gt:'a'),orderBy:(title:asc))", 4_250_000],
    // PostgreSQL's indexes do not end with the key, so that a group is sorted by it.
    ["posts?(limit:20,where:(userId:5))", 8_500],
    ["posts?(limit:20,where:(title.contains:'a'))", 9_000_000],
    // No more than there is.
    ["users?(limit:5000)", 1_000],
    ["users?(limit:20,offset:5000)", 1_000],
    ["posts?(where:(userId.in:_(1,2,3)_,NOT:(title.contains:'a')),columns:F)", 60_000],
  ])("%s: %d", (path, work) => {
    expect(workOf(plan(path), SIZES)).toBe(work);
  });

  // A grant is a comparison more; an index finds what a masked column is equal to, of which some is masked, and has no rows
  // in its order.
  test.each([
    ["masked?(limit:20)", 40],
    ["masked?(limit:20,columns:~T(id,lang)~)", 20],
    ["masked?(where:(slug:'a',lang:'en'))", 2.5],
    ["masked?(limit:20,where:(userId:5),columns:~T(id)~)", 8_500],
    ["masked?(limit:20,where:(userId:5),orderBy:(made:desc),columns:~T(id)~)", 2_521],
    ["masked?(limit:20,orderBy:(userId:asc),columns:~T(id)~)", 4_000_000],
    ["masked?(limit:20,where:(userId.gt:5),orderBy:(userId:asc),columns:~T(id)~)", 4_250_000],
  ])("%s: %d", (path, work) => {
    expect(workOf(plan(path), SIZES)).toBe(work);
  });

  test("a table that is told to be small is little work, however it is read", () => {
    const small: Sizes = { known: true, rows: () => 3, group: () => 3 };
    expect(workOf(plan("posts?(where:(title.contains:'a'),orderBy:(title:asc),limit:100)"), small)).toBe(36);
  });
});

test.each([
  "()",
  "(limit:5000,offset:1000000,orderBy:(title:asc))",
  "(where:(title.icontains:'a',lang.in:_('a','b')_,NOT:(id:1)),orderBy:(title:asc))",
  `(where:(userId.in:_(${Array.from({ length: 1_000 }, (_, i) => i).join(",")})_),orderBy:(title:asc))`,
])("the rough estimate is never below the other: %#", (select) => {
  const root = plan(`posts?${select}`);
  for (const filtered of [false, true]) {
    const asked = { kind: "read", total: true, filtered } as const;
    expect(roughly(root, asked)).toBeGreaterThanOrEqual(weigh(root, NOMINAL, asked).sum);
  }
});
