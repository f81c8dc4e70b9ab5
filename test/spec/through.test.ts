import { beforeAll, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { relations } from "drizzle-orm";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { asked, everywhere, type Tables, type Told } from "../support/everywhere.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

/** Posts with tags, of keys in two parts, through rows that are softly deleted; people who follow people; words that hang on words. */
const SQLITE = () => {
  const person = lite.sqliteTable("people", { id: lite.integer().primaryKey(), name: lite.text().notNull() });
  const follow = lite.sqliteTable(
    "follows",
    {
      id: lite.integer().primaryKey(),
      fromId: lite.integer("from_id").notNull(),
      toId: lite.integer("to_id").notNull(),
      close: lite.integer({ mode: "boolean" }).notNull(),
    },
    (t) => [lite.index("follow_from").on(t.fromId), lite.index("follow_to").on(t.toId)],
  );
  const post = lite.sqliteTable(
    "posts",
    {
      site: lite.text().notNull(),
      id: lite.integer().notNull(),
      personId: lite.integer("person_id").notNull(),
      title: lite.text().notNull(),
    },
    (t) => [lite.primaryKey({ columns: [t.site, t.id] }), lite.index("post_person").on(t.personId)],
  );
  const tag = lite.sqliteTable(
    "tags",
    {
      site: lite.text().notNull(),
      name: lite.text().notNull(),
      rank: lite.integer(),
      hidden: lite.integer({ mode: "boolean" }).notNull(),
    },
    (t) => [lite.primaryKey({ columns: [t.site, t.name] })],
  );
  const postTag = lite.sqliteTable(
    "post_tags",
    {
      id: lite.integer().primaryKey(),
      site: lite.text().notNull(),
      postId: lite.integer("post_id").notNull(),
      tag: lite.text().notNull(),
      tenant: lite.integer().notNull(),
      note: lite.text(),
      deletedAt: lite.integer("deleted_at", { mode: "timestamp_ms" }),
    },
    (t) => [lite.index("post_tag_post").on(t.site, t.postId), lite.index("post_tag_tag").on(t.site, t.tag)],
  );
  return { person, follow, post, tag, postTag };
};

const POSTGRESQL = () => {
  const person = pg.pgTable("people", { id: pg.integer().primaryKey(), name: pg.text().notNull() });
  const follow = pg.pgTable(
    "follows",
    {
      id: pg.integer().primaryKey(),
      fromId: pg.integer("from_id").notNull(),
      toId: pg.integer("to_id").notNull(),
      close: pg.boolean().notNull(),
    },
    (t) => [pg.index("follow_from").on(t.fromId), pg.index("follow_to").on(t.toId)],
  );
  const post = pg.pgTable(
    "posts",
    {
      site: pg.text().notNull(),
      id: pg.integer().notNull(),
      personId: pg.integer("person_id").notNull(),
      title: pg.text().notNull(),
    },
    (t) => [pg.primaryKey({ columns: [t.site, t.id] }), pg.index("post_person").on(t.personId)],
  );
  const tag = pg.pgTable(
    "tags",
    {
      site: pg.text().notNull(),
      name: pg.text().notNull(),
      rank: pg.integer(),
      hidden: pg.boolean().notNull(),
    },
    (t) => [pg.primaryKey({ columns: [t.site, t.name] })],
  );
  const postTag = pg.pgTable(
    "post_tags",
    {
      id: pg.integer().primaryKey(),
      site: pg.text().notNull(),
      postId: pg.integer("post_id").notNull(),
      tag: pg.text().notNull(),
      tenant: pg.integer().notNull(),
      note: pg.text(),
      deletedAt: pg.timestamp("deleted_at", { withTimezone: true }),
    },
    (t) => [pg.index("post_tag_post").on(t.site, t.postId), pg.index("post_tag_tag").on(t.site, t.tag)],
  );
  return { person, follow, post, tag, postTag };
};

const related = ({ person, follow, post, tag, postTag }: Any) => ({
  ofPerson: relations(person, ({ many }) => ({
    posts: many(post),
    follows: many(follow, { relationName: "from" }),
    followed: many(follow, { relationName: "to" }),
  })),
  ofFollow: relations(follow, ({ one }) => ({
    from: one(person, { fields: [follow.fromId], references: [person.id], relationName: "from" }),
    to: one(person, { fields: [follow.toId], references: [person.id], relationName: "to" }),
  })),
  ofPost: relations(post, ({ one, many }) => ({
    person: one(person, { fields: [post.personId], references: [person.id] }),
    postTags: many(postTag),
  })),
  ofTag: relations(tag, ({ many }) => ({ postTags: many(postTag) })),
  ofPostTag: relations(postTag, ({ one }) => ({
    post: one(post, { fields: [postTag.site, postTag.postId], references: [post.site, post.id] }),
    tag: one(tag, { fields: [postTag.site, postTag.tag], references: [tag.site, tag.name] }),
  })),
});

const sqlite = SQLITE();
const postgresql = POSTGRESQL();
const TABLES: Tables = {
  sqlite: { ...sqlite, ...related(sqlite) },
  postgresql: { ...postgresql, ...related(postgresql) },
};

const join = (id: number, site: string, postId: number, tag: string, more: object = {}) => ({
  id,
  site,
  postId,
  tag,
  tenant: 1,
  note: null,
  deletedAt: null,
  ...more,
});

const ROWS = {
  person: ["Ada", "Ben", "Cleo", "Dora"].map((name, index) => ({ id: index + 1, name })),
  follow: [
    { id: 1, fromId: 1, toId: 2, close: true },
    { id: 2, fromId: 1, toId: 3, close: false },
    { id: 3, fromId: 2, toId: 1, close: true },
    { id: 4, fromId: 3, toId: 3, close: true },
    { id: 5, fromId: 1, toId: 2, close: false },
  ],
  post: [
    { site: "a", id: 1, personId: 1, title: "One" },
    { site: "a", id: 2, personId: 1, title: "Two" },
    { site: "b", id: 1, personId: 2, title: "Other" },
    { site: "b", id: 2, personId: 2, title: "None" },
  ],
  tag: [
    { site: "a", name: "news", rank: 1, hidden: false },
    { site: "a", name: "how", rank: 3, hidden: false },
    { site: "a", name: "dull", rank: null, hidden: false },
    { site: "a", name: "secret", rank: 9, hidden: true },
    { site: "b", name: "news", rank: 2, hidden: false },
    { site: "b", name: "lone", rank: 5, hidden: false },
  ],
  postTag: [
    // Twice, once with a note; to the same name elsewhere; deleted; another tenant's; hidden at its end.
    join(1, "a", 1, "news"),
    join(2, "a", 1, "news", { note: "top" }),
    join(3, "a", 1, "how"),
    join(4, "a", 1, "dull", { deletedAt: new Date(0) }),
    join(5, "a", 2, "how", { tenant: 2 }),
    join(6, "a", 2, "dull"),
    join(7, "a", 2, "secret"),
    join(8, "b", 1, "news", { note: "top" }),
    join(9, "b", 2, "lone", { tenant: 2 }),
  ],
};

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const noted = (_: unknown, t: Any, { isNotNull }: Any): unknown => isNotNull(t.note);
const mine = ({ me }: Any, t: Any, { lte }: Any): unknown => lte(t.id, me);

const posts = { through: ["postTags", "post"], select: true, maxLimit: 5 } as const;
const tags = { through: ["postTags", "tag"], select: true, ...visible, with: { posts } } as const;
const named = { select: { columns: ["id", "name"] } } as const;
const post = {
  select: true,
  with: {
    tags,
    top: { through: ["postTags", "tag"], throughWhere: noted, select: { columns: ["name", "site"] } },
    seen: { through: ["postTags", "tag"], throughWhere: mine, ...visible, select: true },
    shown: { through: ["postTags", "tag"], resource: "tags" },
    person: named,
  },
} as const;
const friends = {
  through: ["follows", "to"],
  ...named,
  with: { friends: { through: ["follows", "to"], ...named } },
};
const close = {
  through: ["follows", "to"],
  throughWhere: (_: unknown, t: Any, { eq }: Any) => eq(t.close, true),
  ...named,
};

const acl = {
  posts: {
    table: "post",
    maxDepth: 4,
    control: {
      GET: { all: post },
      POST: { all: { ...post, write: true, check: true } },
      PATCH: { all: { ...post, write: true, check: true } },
      DELETE: { all: post },
    },
  },
  tags: { table: "tag", control: { GET: { all: { select: true, ...visible, with: { posts } } } } },
  people: {
    table: "person",
    maxDepth: 4,
    control: {
      GET: {
        all: {
          ...named,
          with: {
            friends,
            close,
            fans: { through: ["followed", "from"], ...named },
            posts: { select: true, with: { tags: { ...tags, with: {} } } },
          },
        },
      },
    },
  },
  ordered: {
    table: "post",
    control: { GET: { all: { ...post, orderBy: { "tags.count": "desc", id: "asc" } } } },
  },
  shut: {
    table: "post",
    control: {
      GET: {
        all: {
          select: true,
          with: {
            tags: { ...tags, forbidQuery: { where: true, count: true, required: true }, with: {} },
          },
        },
      },
    },
  },
};

const tables = {
  postTag: {
    softDelete: "deletedAt",
    where: (_: unknown, t: Any, { eq }: Any) => eq(t.tenant, 1),
  },
};

const session = { parser: (_: Request, context: object) => void Object.assign(context, { me: 1 }) };

everywhere(TABLES, acl, (place) => {
  let handle: QueryHandler;
  const get = (resource: string, selector?: object, flags = ""): Promise<Told> =>
    asked(handle, "GET", path(resource, selector, flags));
  const rows = async (resource: string, selector: object): Promise<unknown> => {
    const { status, body } = await get(resource, selector);
    return status === 200 ? body[resource] : [status, body];
  };
  const refused = async (resource: string, selector: object): Promise<unknown> => {
    const { status, body } = await get(resource, selector);
    return [status, body.code, body.path];
  };
  /** What is only in the fast reader. */
  const fast = place.reader === "fast" ? test : (): void => undefined;

  beforeAll(async () => {
    if (place.reader === "fast")
      for (const [table, values] of Object.entries(ROWS))
        await (place.database as Any).insert(place.schema[table]).values(values);
    handle = place.handler(acl, {
      access: true,
      session,
      tables,
      defaults: { maxLimit: 10, maxWork: 10_000_000 },
    });
  }, 60_000);

  const title = { columns: { title: true } };
  const name = { columns: { name: true } };
  const byTitle = { ...title, orderBy: { title: "asc" } };
  const byName = { ...name, orderBy: { name: "asc" } };

  describe("a list that passes a join table", () => {
    fast("has each row once to which a row of it leads that exists", async () => {
      expect(await rows("posts", { ...byTitle, with: { tags: byName } })).toEqual([
        { title: "None", tags: [] },
        { title: "One", tags: [{ name: "how" }, { name: "news" }] },
        { title: "Other", tags: [{ name: "news" }] },
        { title: "Two", tags: [{ name: "dull" }] },
      ]);
    });

    fast("takes all that a list takes", async () => {
      const one = { where: { title: "One" }, columns: { id: true } };
      const wish = async (tags1: object): Promise<unknown> =>
        rows("posts", { ...one, with: { tags: tags1 } });
      expect(await wish({ ...name, orderBy: { rank: "desc" } })).toEqual([
        { id: 1, tags: [{ name: "how" }, { name: "news" }] },
      ]);
      expect(await wish({ ...name, orderBy: { rank: "desc" }, limit: 1 })).toEqual([
        { id: 1, tags: [{ name: "how" }] },
      ]);
      expect(await wish({ ...name, orderBy: { rank: "desc" }, limit: 1, offset: 1 })).toEqual([
        { id: 1, tags: [{ name: "news" }] },
      ]);
      expect(await wish({ ...name, where: { "rank.lt": 2 } })).toEqual([{ id: 1, tags: [{ name: "news" }] }]);
      expect(await wish({ columns: false, count: { posts: true }, orderBy: { name: 1 } })).toEqual([
        { id: 1, tags: [{ _count: { posts: 1 } }, { _count: { posts: 1 } }] },
      ]);
    });

    fast("of the join rows that the rule lets count", async () => {
      const select = { ...byTitle, with: { top: byName, seen: byName } };
      expect(await rows("posts", select)).toEqual([
        { title: "None", top: [], seen: [] },
        { title: "One", top: [{ name: "news" }], seen: [{ name: "news" }] },
        { title: "Other", top: [{ name: "news" }], seen: [] },
        { title: "Two", top: [], seen: [] },
      ]);
    });

    fast("under the rule of a resource, and under other names", async () => {
      const select = {
        ...title,
        where: { title: "One" },
        with: {
          shown: { ...byName, with: { posts: title } },
          low: { relation: "tags", ...name, where: { "rank.lte": 1 } },
          other: { relation: "tags", ...name, where: { "rank.gt": 1 } },
        },
      };
      expect(await rows("posts", select)).toEqual([
        {
          title: "One",
          shown: [
            { name: "how", posts: [{ title: "One" }] },
            { name: "news", posts: [{ title: "One" }] },
          ],
          low: [{ name: "news" }],
          other: [{ name: "how" }],
        },
      ]);
    });

    fast("leads from a table to itself, and on", async () => {
      const select = {
        ...byName,
        with: { friends: { ...byName, with: { friends: byName } }, close: byName, fans: byName },
      };
      expect(await rows("people", select)).toEqual([
        {
          name: "Ada",
          friends: [
            { name: "Ben", friends: [{ name: "Ada" }] },
            { name: "Cleo", friends: [{ name: "Cleo" }] },
          ],
          close: [{ name: "Ben" }],
          fans: [{ name: "Ben" }],
        },
        {
          name: "Ben",
          friends: [{ name: "Ada", friends: [{ name: "Ben" }, { name: "Cleo" }] }],
          close: [{ name: "Ada" }],
          fans: [{ name: "Ada" }],
        },
        {
          name: "Cleo",
          friends: [{ name: "Cleo", friends: [{ name: "Cleo" }] }],
          close: [{ name: "Cleo" }],
          fans: [{ name: "Ada" }, { name: "Cleo" }],
        },
        { name: "Dora", friends: [], close: [], fans: [] },
      ]);
    });

    fast("stands in what a write answers", async () => {
      const select = { ...title, where: { title: "One" }, with: { tags: byName }, count: { top: true } };
      const changed = await asked(handle, "PATCH", path("posts", select), { personId: 1 });
      expect([changed.status, changed.body.posts]).toEqual([
        200,
        [{ title: "One", tags: [{ name: "how" }, { name: "news" }], _count: { top: 1 } }],
      ]);
      const made = await asked(handle, "POST", path("posts", { ...title, with: { tags: byName } }), {
        site: "c",
        id: 1,
        personId: 1,
        title: "New",
      });
      expect([made.status, made.body.posts]).toEqual([200, [{ title: "New", tags: [] }]]);
      const gone = { ...title, where: { title: "New" }, with: { tags: byName } };
      const removed = await asked(handle, "DELETE", path("posts", gone));
      expect([removed.status, removed.body.posts]).toEqual([200, [{ title: "New", tags: [] }]]);
    });

    fast("is one row's list as well, and a formatter's", async () => {
      const told = place.handler(
        {
          posts: { ...acl.posts, formatResult: (_: Request, { result }: Any) => result.rows },
          tags: acl.tags,
        },
        { session, tables, defaults: { maxLimit: 10, maxWork: 10_000_000 } },
      );
      const select = { ...title, where: { title: "One" }, with: { tags: byName } };
      const { body } = await asked(told, "GET", path("posts", select, "findFirst"));
      expect(body).toEqual({ title: "One", tags: [{ name: "how" }, { name: "news" }] });
    });
  });

  describe("it can be asked through:", () => {
    const titles = async (resource: string, selector: object): Promise<unknown> => {
      const found = await rows(resource, { ...byTitle, ...selector });
      return Array.isArray(found) && typeof found[0] === "object"
        ? found.map((row: Any) => row.title)
        : found;
    };

    test.each([
      [{ tags: { name: "news" } }, ["One", "Other"]],
      [{ "tags.some": true }, ["One", "Other", "Two"]],
      [{ "tags.none": true }, ["None"]],
      [{ "tags.none": { name: "news" } }, ["None", "Two"]],
      [{ "tags.every": { "rank.lt": 3 } }, ["None", "Other"]],
      [{ "tags.count": 2 }, ["One"]],
      [{ "tags.count": { gte: 1, where: { "rank.isNotNull": true } } }, ["One", "Other"]],
      [{ top: true }, ["One", "Other"]],
      [{ "seen.count.gt": 0 }, ["One"]],
      [{ shown: { name: "how" } }, ["One"]],
      [{ tags: { name: "secret" } }, []],
      [{ tags: { posts: { title: "Two" } } }, ["Two"]],
      [{ tags: { "posts.count": 1, site: "a" } }, ["One", "Two"]],
    ])("%j", async (where, expected) => {
      expect(await titles("posts", { where })).toEqual(expected);
    });

    test("by how many there are, in the client's order and the rule's", async () => {
      const orderBy = { "tags.count": "desc", title: "asc" };
      expect(await titles("posts", { orderBy })).toEqual(["One", "Other", "Two", "None"]);
      const { body } = await get("ordered", title);
      expect(body.ordered.map((row: Any) => row.title)).toEqual(["One", "Other", "Two", "None"]);
    });

    test("how many there are is answered", async () => {
      const count = {
        tags: true,
        top: true,
        shown: true,
        ranked: { relation: "tags", where: { "rank.gte": 1 } },
      };
      expect(await rows("posts", { ...byTitle, count })).toEqual([
        { title: "None", _count: { tags: 0, top: 0, shown: 0, ranked: 0 } },
        { title: "One", _count: { tags: 2, top: 1, shown: 2, ranked: 2 } },
        { title: "Other", _count: { tags: 1, top: 1, shown: 1, ranked: 1 } },
        { title: "Two", _count: { tags: 1, top: 0, shown: 1, ranked: 0 } },
      ]);
      expect(await rows("people", { ...byName, count: { friends: true, fans: true, close: true } })).toEqual([
        { name: "Ada", _count: { friends: 2, fans: 1, close: 1 } },
        { name: "Ben", _count: { friends: 1, fans: 1, close: 1 } },
        { name: "Cleo", _count: { friends: 1, fans: 2, close: 1 } },
        { name: "Dora", _count: { friends: 0, fans: 0, close: 0 } },
      ]);
    });

    test("from a table to itself", async () => {
      const names = async (where: object): Promise<unknown> =>
        ((await rows("people", { ...byName, where })) as Any[]).map((row) => row.name);
      expect(await names({ friends: { name: "Cleo" } })).toEqual(["Ada", "Cleo"]);
      expect(await names({ friends: { friends: { name: "Ada" } } })).toEqual(["Ada"]);
      expect(await names({ "fans.count": 2 })).toEqual(["Cleo"]);
      expect(await names({ "close.none": true })).toEqual(["Dora"]);
      expect(await names({ posts: { tags: { name: "dull" } } })).toEqual(["Ada"]);
    });

    fast("rows are left out that have none", async () => {
      const required = { ...byName, required: true, where: { "rank.gte": 3 } };
      expect(await rows("posts", { ...byTitle, with: { tags: required } })).toEqual([
        { title: "One", tags: [{ name: "how" }] },
      ]);
    });

    fast("in a relation of a relation, of this caller's own", async () => {
      const select = { ...name, where: { id: 1 }, with: { posts: { ...byTitle, with: { tags: byName } } } };
      expect(await rows("people", select)).toEqual([
        {
          name: "Ada",
          posts: [
            { title: "One", tags: [{ name: "how" }, { name: "news" }] },
            { title: "Two", tags: [{ name: "dull" }] },
          ],
        },
      ]);
      const other = place.handler(acl, {
        session: { parser: (_: Request, context: object) => void Object.assign(context, { me: 3 }) },
        tables,
        defaults: { maxLimit: 10, maxWork: 10_000_000 },
      });
      const seen = { ...title, where: { title: "One" }, with: { seen: byName } };
      expect((await asked(other, "GET", path("posts", seen))).body.posts).toEqual([
        { title: "One", seen: [{ name: "how" }, { name: "news" }] },
      ]);
    });
  });

  describe("of the join table nothing can be asked", () => {
    test.each([
      [{ with: { postTags: true } }, "unknown-relation", "select.with"],
      [{ where: { postTags: true } }, "unknown-column", "select.where"],
      [{ where: { "postTags.count": 1 } }, "unknown-relation", "select.where"],
      [{ where: { tags: { note: "top" } } }, "unknown-column", "select.where.tags"],
      [{ count: { postTags: true } }, "unknown-relation", "select.count"],
      [{ orderBy: { "postTags.count": "asc" } }, "unknown-relation", "select.orderBy"],
      [{ orderBy: { "tags.rank": "asc" } }, "invalid-value", "select.orderBy"],
      [{ with: { tags: { where: { tenant: 1 } } } }, "unknown-column", "select.with.tags.where"],
    ] as const)("%j", async (select, code, where) => {
      expect(await refused("posts", select)).toEqual([400, code, where]);
    });

    test("and what the rule forbids is called by the list's name", async () => {
      expect((await get("shut", { count: { tags: true } })).body.error).toBe(
        "counting `tags` is not allowed",
      );
      expect(await refused("shut", { where: { tags: true } })).toEqual([
        400,
        "capability-forbidden",
        "select.where",
      ]);
      expect((await get("posts", { orderBy: { tags: "asc" } })).body.error).toBe("`tags` leads to many rows");
    });

    test("its callers hear of the list alone", async () => {
      const { resources } = (await asked(handle, "GET", "$access")).body;
      const [{ relations: found }] = resources.posts.rules;
      expect(found.tags).toMatchObject({ kind: "many", relations: { posts: { kind: "many" } } });
      expect(found.shown).toMatchObject({ kind: "many", resource: "tags" });
      expect(JSON.stringify(resources)).not.toContain("postTags");
    });
  });

  if (place.reader === "portable")
    test("the portable reader refuses to load it, and says so", async () => {
      expect((await get("posts", { with: { tags: true } })).body).toEqual({
        error: "a list that passes a join table cannot be answered here",
        code: "invalid-value",
        path: "select",
        hint: "this database's reader does not know how",
      });
      const select = { ...title, where: { title: "One" }, with: { tags: true } };
      const changed = await asked(handle, "PATCH", path("posts", select), { title: "Changed" });
      expect([changed.status, changed.body.code]).toEqual([400, "invalid-value"]);
      expect((await get("posts", { ...title, where: { title: "Changed" } })).body.count).toBe(0);
    });

  // Once is enough.
  const isFirst = place.name === "libsql file" && place.reader === "fast";
  const once = isFirst ? describe : (): void => undefined;
  once("mistakes in its rule are told at start", () => {
    const mistakes = (tags1: unknown, more: object = {}): unknown => {
      const rule = { select: true, with: { tags: tags1 }, ...more };
      try {
        place.handler({
          posts: { table: "post", control: { GET: { all: rule } } },
          people: acl.people,
          tags: acl.tags,
        });
      } catch (error) {
        const [, ...found] = (error as Error).message.split("\n  acl.posts.control.GET.all.");
        return found;
      }
      return [];
    };
    const through = ["postTags", "tag"];

    test.each([
      [
        { through: "postTags" },
        "with.tags: `through` takes two relations: to the join table, and from there to the rows",
      ],
      [
        { through: ["postTags"] },
        "with.tags: `through` takes two relations: to the join table, and from there to the rows",
      ],
      [{ through: ["person", "posts"] }, "with.tags: post has no relation `person` to many rows"],
      [{ through: ["nosuch", "tag"] }, "with.tags: post has no relation `nosuch` to many rows"],
      [{ through: ["postTags", "nosuch"] }, "with.tags: postTag has no relation `nosuch` to one row"],
      [{ through: ["postTags", "post"] }, "with.tags: `post` leads from postTag back to the very row"],
      [{ through, throughWhere: 1 }, "with.tags.throughWhere: expected a function"],
      [{ through, thruogh: 1 }, "with.tags: unknown key `thruogh` (did you mean `through`?)"],
      [{ throughWhere: noted }, "with: unknown relation `tags` (post has person, postTags)"],
      [
        { through, select: { columns: ["nosuch"] } },
        "with.tags.select: unknown column `nosuch` (tag has site, name, rank, hidden)",
      ],
      [{ through, resource: "tags", select: true }, "with.tags: unknown key `select`"],
      [{ through, resource: 1 }, "with.tags.resource: expected the name of a resource"],
      [{ through, resource: "nosuch" }, "with.tags: unknown resource `nosuch`"],
      [{ through, resource: "people" }, "with.tags: `people` is of person, and the relation leads to tag"],
    ])("%j", (rule, sentence) => {
      expect(mistakes(rule)).toEqual([sentence]);
    });

    test("as is a name that is something else", () => {
      const list = { through, select: true };
      expect(mistakes(undefined, { with: { title: list } })).toEqual([
        "with.title: post has a column of that name, so a list cannot have it",
      ]);
      expect(mistakes(undefined, { with: { postTags: list } })).toEqual([
        "with.postTags: post has a relation of that name, so a list cannot have it",
      ]);
      expect(mistakes(list, { extras: { tags: sql`1`.as("tags") } })).toEqual([
        "extras.tags: a list has that name",
      ]);
    });
  });

  test("none of it became a 500", () => {
    expect(place.errors).toEqual([]);
  });
});
