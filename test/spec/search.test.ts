import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Dialect } from "@bepalo/query";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { type Comment, FACTS, type Post, put, SEARCHED } from "../support/searched.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const POSTS: readonly Post[] = [
  { id: "a", title: "Ripe fig", body: "A fig is ripe when it is soft." },
  { id: "b", title: "Plum cake", body: "With low sugar, and a ripe plum." },
  { id: "c", title: "Dried fig", body: "Sugar low, or no sugar." },
  { id: "d", title: "Basket", body: null },
  { id: "e", title: "Secret fig", body: "ripe fig, ripe fig, ripe fig", hidden: true },
  { id: "f", title: "Pear", body: "Between a fig and a plum; not low-fat." },
];

const COMMENTS: readonly Comment[] = [
  { id: 1, postId: "a", text: "a good fig" },
  { id: 2, postId: "a", text: "fig fig fig" },
  { id: 3, postId: "a", text: "nothing" },
  { id: 4, postId: "b", text: "no fig, fig!" },
  { id: 5, postId: "b", text: "fig of a hidden one", hidden: true },
];

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const open = { select: true, search: true, ...visible } as const;

const acl = {
  posts: {
    table: "post",
    control: {
      GET: { all: { ...open, with: { comments: open } } },
      POST: { all: { select: true, write: true, check: true, with: { comments: open } } },
      PATCH: { all: { select: true, write: true, check: true, with: { comments: open } } },
      DELETE: { all: { select: true } },
    },
  },
  comments: { table: "comment", control: { GET: { all: { ...open, with: { post: open } } } } },
  closed: {
    table: "post",
    control: { GET: { all: { select: true, with: { comments: { select: true } } } } },
  },
  forbidden: { table: "post", control: { GET: { all: { ...open, forbidQuery: { search: true } } } } },
  keyed: { table: "post", control: { GET: { all: { ...open, requireWhere: true } } } },
  light: { table: "post", maxWork: 10_000, control: { GET: { all: open } } },
  few: { table: "post", maxConditions: 2, control: { GET: { all: open } } },
};

/** Where all texts are tried, with both readers. */
const THOROUGH = new Set(["libsql file", "PGlite"]);

everywhere(SEARCHED, acl, (place) => {
  const handle = () => place.handler(acl, { tables: FACTS, access: true });
  let get: (resource: string, selector?: object, flags?: string) => Promise<Told>;
  let send: ReturnType<typeof handle>;
  /** Of many cases a few where another driver has tried them all. */
  const sampled = <T>(cases: readonly T[]): T[] =>
    cases.filter((_, index) => THOROUGH.has(place.name) || index % 6 === 0);
  const ids = async (search: string, more: object = {}): Promise<unknown> => {
    const { status, body } = await get("posts", {
      columns: { id: true },
      orderBy: { id: "asc" },
      search,
      ...more,
    });
    return status === 200 ? body.posts.map(({ id }: Any) => id).join("") : body;
  };

  beforeAll(async () => {
    if (place.reader === "fast") {
      await put(place, "post", POSTS);
      await put(place, "comment", COMMENTS);
    }
    send = handle();
    get = (resource, selector, flags) => asked(send, "GET", path(resource, selector, flags));
  }, 60_000);

  describe("what is found", () => {
    test.each(
      sampled([
        ["fig", "acf"],
        ["FIG", "acf"],
        ["ripe fig", "a"],
        ["fig ripe", "a"],
        ["ripe plum", "b"],
        ["basket", "d"],
        ["nowhere", ""],
        ["fig nowhere", ""],
        // phrases
        ['"ripe fig"', "a"],
        ['"fig ripe"', ""],
        ['"low sugar"', "b"],
        ['"low sugar', "b"],
        ['fig "a plum"', "f"],
        ['fig"a plum"', "f"],
        // exclusions
        ["fig -dried", "af"],
        ['ripe fig -dried "low sugar"', ""],
        ['plum -"low sugar"', "f"],
        ["-fig", "bd"],
        ['-fig -"low sugar"', "d"],
        ["-fig -basket -plum", ""],
        ["--fig", "bd"],
        ["fig -nowhere", "acf"],
        // alternatives
        ["basket or cake", "bd"],
        ["basket OR cake OR pear", "bdf"],
        ["ripe fig or basket", "ad"],
        ["basket or fig -ripe -dried", "df"],
        ["basket or -fig", "bd"],
        ["-fig or pear", "bdf"],
        ["-fig or -ripe", "bcdf"],
        ['basket "or" cake', ""],
        ["or", "c"],
        ["or sugar", "c"],
        ["sugar or", "c"],
        ["sugar or or low", "bc"],
        ["basket or or sugar", "cd"],
      ]),
    )("%s", async (search, found) => expect(await ids(search)).toBe(found));

    test("whole words, in either case, whatever stands between them", async () => {
      expect(await ids("fi")).toBe("");
      expect(await ids("fig,plum;")).toBe("");
      expect(await ids("low-fat")).toBe("f");
      expect(await ids("(sugar)")).toBe("bc");
      expect(await ids("sugar\tlow\n")).toBe("bc");
    });

    test("a phrase stands in one column", async () => {
      // The title of `a` ends with what its body does not begin with, and the other way round.
      expect(await ids('"fig a"')).toBe("");
      expect(await ids('"cake with"')).toBe("");
      expect(await ids("cake with")).toBe("b");
    });

    test("what has no word finds nothing", async () => {
      for (const search of ["", " ", "-", '"', '""', '-""', "!!!", "🍒", "*", "()", "-!", '" "', "\u0000"])
        expect([search, await ids(search)]).toEqual([search, ""]);
    });

    test("beside words it is as if it were not there", async () => {
      for (const search of ["fig !!!", "- fig", 'fig ""', "🍒 fig", "fig -!", "\u0000fig\u0000", "fig & |"])
        expect([search, await ids(search)]).toEqual([search, "acf"]);
    });

    test("no text is an error, what is an operator to a database is a word", async () => {
      const hostile = [
        'fig" OR "1"="1',
        "fig*",
        "NEAR(fig ripe)",
        "title:fig",
        "headline : fig",
        "{headline} : fig",
        "^fig",
        "fig AND ripe",
        "fig NOT ripe",
        "fig & ripe",
        "fig | ripe",
        "!fig",
        "fig <-> ripe",
        "fig:*",
        "fig:A",
        "'fig'",
        "fig'; drop table posts; --",
        "\\",
        "\\'fig",
        "%fig%",
        "$1",
        "?1",
        ":search",
        "a".repeat(1000),
        '"'.repeat(999),
        "-".repeat(1000),
        "(".repeat(1000),
        "\u202efig",
        "fi\u0301g",
        "ﬁg",
        "\u{10FFFF}\u{E000}",
      ];
      for (const search of sampled(hostile)) {
        const { status } = await get("posts", { search, orderBy: { search: "desc" } });
        expect([search, status]).toEqual([search, 200]);
      }
      expect(place.errors).toEqual([]);
      expect(await ids("fig")).toBe("acf");
    });

    test("a text that is too long is refused", async () => {
      const { status, body } = await get("posts", { search: "fig ".repeat(2500) });
      expect([status, body.code, body.path]).toEqual([400, "too-complex", "select.search"]);
      expect(body.error).toBe("a search of 10000 characters exceeds 1000");
    });

    test("a number is no text, and is told how it is one", async () => {
      const { status, body } = await get("posts", { search: 2024 });
      expect([status, body.code, body.path, body.hint]).toEqual([
        400,
        "invalid-value",
        "select.search",
        "write search:'2024'",
      ]);
    });

    test("it is weighed, and its order more", async () => {
      expect((await get("light", { search: "fig" })).status).toBe(200);
      const { status, body } = await get("light", { search: "fig", orderBy: { search: "desc" } });
      expect([status, body.code, body.path]).toEqual([400, "too-complex", "select.orderBy"]);
    });

    test("each word and each phrase is a condition", async () => {
      expect((await get("few", { search: 'a "b c"' })).status).toBe(200);
      const { status, body } = await get("few", { search: 'a "b c" -d' });
      expect([status, body.code, body.path]).toEqual([400, "too-complex", "select.search"]);
    });
  });

  describe("beside other wishes", () => {
    test("a filter", async () => {
      expect(await ids("fig", { where: { "title.startsWith": "Dr" } })).toBe("c");
      expect(await ids("fig", { where: { AND: [{ id: "a" }, { "id.ne": "c" }] } })).toBe("a");
      expect(await ids("fig", { where: [{ id: "a" }, { id: "b" }] })).toBe("a");
      expect(await ids("fig", { where: { "comments.count": 3 } })).toBe("a");
    });

    test("a range, and numbers of rows", async () => {
      expect(await ids("fig", { limit: 1, offset: 1 })).toBe("c");
      const { body } = await get("posts", { search: "fig", limit: 1 }, "countTotal&countFiltered");
      expect([body.count, body.filtered, body.total]).toEqual([1, 3, 5]);
      expect((await get("posts", { search: "fig", columns: false })).body.count).toBe(3);
    });

    test("a filter that is asked for is a filter", async () => {
      expect((await get("keyed", { search: "fig" })).body.code).toBe("limit-exceeded");
      expect((await get("keyed", { search: "fig", where: { id: "a" } })).body.count).toBe(1);
    });
  });

  describe("rows that the rule hides", () => {
    test("are not found", async () => {
      expect(await ids("secret")).toBe("");
      expect(await ids("-ripe")).toBe("cdf");
    });
  });

  describe("relevance", () => {
    const order = async (search: string, orderBy: object): Promise<string> =>
      (await get("posts", { columns: { id: true }, search, orderBy })).body.posts
        .map(({ id }: Any) => id)
        .join("");

    test("what fits best comes first, and last where it is turned round", async () => {
      expect(await order("fig", { search: "desc", id: "asc" })).toBe("acf");
      expect(await order("fig", { search: "asc", id: "asc" })).toBe("fca");
      expect(await order("fig", { search: "1" })).toBe("fca");
    });

    test("words of a column before weigh more", async () => {
      expect(await order("plum", { search: "desc" })).toBe("bf");
      expect(await order("basket or plum", { search: "desc" })).toBe("bdf");
    });

    test("more of them weigh more", async () => {
      const { body } = await get("comments", { search: "fig", orderBy: { search: "desc" } });
      expect(body.comments.map(({ id }: Any) => id)).toEqual([2, 4, 1]);
    });

    test("rows that fit alike, or of which nothing is wanted, are ordered by what follows", async () => {
      expect(await order("-fig", { search: "desc", id: "desc" })).toBe("db");
      expect(await order("-fig", { search: "desc" })).toBe("bd");
      expect(await order("", { search: "desc" })).toBe("");
      expect(await order("basket or -fig", { search: "desc" })).toBe("db");
    });

    test("pages by cursor go through it, there and back", async () => {
      const asking = { columns: { id: true }, search: "fig or plum", orderBy: { search: "desc" }, limit: 1 };
      const whole = (await get("posts", { ...asking, limit: 9 })).body.posts;
      expect(whole.length).toBe(4);
      const walked: unknown[] = [];
      let page = (await get("posts", asking, "cursor")).body;
      for (; page.page.next !== null; page = (await get("posts", { ...asking, after: page.page.next })).body)
        walked.push(...page.posts);
      expect([...walked, ...page.posts]).toEqual(whole);
      page = (await get("posts", { ...asking, before: page.page.previous })).body;
      expect(page.posts).toEqual([whole[2]]);
      // A cursor is of its words.
      const other = await get("posts", { ...asking, search: "fig", after: page.page.next });
      expect([other.status, other.body.code]).toEqual([400, "invalid-cursor"]);
    });

    test("without words there is none", async () => {
      const { status, body } = await get("posts", { orderBy: { search: "desc" } });
      expect([status, body.code, body.path]).toEqual([400, "invalid-value", "select.orderBy"]);
    });

    test("where no words may be looked for, it is a name nobody knows", async () => {
      const { status, body } = await get("closed", { orderBy: { search: "desc" } });
      expect([status, body.code]).toEqual([400, "unknown-column"]);
    });
  });

  describe("in relations", () => {
    test("the rows of a list", async () => {
      const { body } = await get("posts", {
        columns: { id: true },
        where: { "id.in": ["a", "b"] },
        orderBy: { id: "asc" },
        with: { comments: { columns: { id: true }, search: "fig", orderBy: { search: "desc" } } },
      });
      expect(body.posts).toEqual([
        { id: "a", comments: [{ id: 2 }, { id: 1 }] },
        { id: "b", comments: [{ id: 4 }] },
      ]);
    });

    test("beside those of the root", async () => {
      const { body } = await get("posts", {
        columns: { id: true },
        search: "plum",
        orderBy: { search: "desc" },
        with: { comments: { columns: { id: true }, search: "good or no", limit: 1 } },
      });
      expect(body.posts).toEqual([
        { id: "b", comments: [{ id: 4 }] },
        { id: "f", comments: [] },
      ]);
    });

    test("not of one row", async () => {
      const { status, body } = await get("comments", { with: { post: { search: "fig" } } });
      expect([status, body.code, body.path]).toEqual([400, "invalid-value", "select.with.post.search"]);
    });

    test("under their own rules", async () => {
      const { status, body } = await get("closed", { with: { comments: { search: "fig" } } });
      expect([status, body.code, body.path]).toEqual([
        400,
        "capability-forbidden",
        "select.with.comments.search",
      ]);
    });
  });

  describe("permission", () => {
    test("of its own", async () => {
      const { status, body } = await get("closed", { search: "fig" });
      expect([status, body.code, body.path]).toEqual([400, "capability-forbidden", "select.search"]);
    });

    test("which `forbidQuery` takes away", async () => {
      const { status, body } = await get("forbidden", { search: "fig" });
      expect([status, body.code, body.path]).toEqual([400, "capability-forbidden", "select.search"]);
    });

    test("is told", async () => {
      const { body } = await asked(send, "GET", "$access");
      const takes = (resource: string) => body.resources[resource].rules[0].takes.includes("search");
      expect(["posts", "closed", "forbidden"].map(takes)).toEqual([true, false, false]);
      expect(body.resources.posts.rules[0].relations.comments.takes).toContain("search");
    });

    test("writes take none at the top", async () => {
      const { status, body } = await asked(send, "PATCH", path("posts", { search: "fig" }), { title: "x" });
      expect([status, body.code, body.path]).toEqual([400, "invalid-value", "select.search"]);
    });
  });

  describe("writes", () => {
    const words = async (word: string): Promise<unknown> => ids(word);
    afterAll(() => place.run("delete from posts where id like 'n%'"));

    test("are found as soon as they are kept", async () => {
      const write = (method: string, selector: object | undefined, body?: object): Promise<Told> =>
        asked(send, method, path("posts", selector), body);
      const { status } = await write("POST", undefined, { id: "n1", title: "Quince", body: "yellow" });
      expect(status).toBe(200);
      expect([await words("quince"), await words("yellow")]).toEqual(["n1", "n1"]);
      const changed = await write("PATCH", { where: { id: "n1" } }, { body: "golden" });
      expect([changed.status, changed.body.rowsAffected]).toEqual([200, 1]);
      expect([await words("yellow"), await words("golden")]).toEqual(["", "n1"]);
      await write("PATCH", { where: { id: "n1" } }, { body: null, note: "yellow" });
      expect([await words("golden"), await words("yellow"), await words("quince")]).toEqual(["", "", "n1"]);
      await write("PATCH", { where: { id: "n1" } }, { id: "n2" });
      expect(await words("quince")).toBe("n2");
      expect((await write("DELETE", { where: { id: "n2" } })).body.rowsAffected).toBe(1);
      expect(await words("quince")).toBe("");
    });

    test("several rows, of which one is refused, leave nothing behind", async () => {
      const rows = [
        { id: "n3", title: "Medlar" },
        { id: "a", title: "Medlar" },
      ];
      expect((await asked(send, "POST", "posts", rows)).status).toBe(409);
      expect(await words("medlar")).toBe("");
    });

    test("what they answer of relations may be looked through", async () => {
      const selector = { where: { id: "a" }, with: { comments: { columns: { id: true }, search: "good" } } };
      const { body } = await asked(send, "PATCH", path("posts", selector), { note: "x" });
      expect(body.posts[0].comments).toEqual([{ id: 1 }]);
    });

    test("long texts are kept, and searched as far as the database goes", async () => {
      // More than a megabyte of words, which is more than PostgreSQL takes of one row.
      const long = Array.from({ length: 600 }, (_, n) => `w${n}${"é".repeat(1000)}`).join(" ");
      await put(place, "post", [{ id: "n4", title: "Long", body: `first ${long}` }]);
      expect([await words("first long"), await words(`w7${"é".repeat(950)}`)]).toEqual(["n4", ""]);
      expect(place.errors).toEqual([]);
    });
  });

  if (PLANNED.has(place.name) && place.reader === "fast")
    test("the index is used", async () => {
      const plans: string[] = [];
      const watched = place.handler(acl, {
        tables: FACTS,
        dialect: (_, found) => explaining(found(), place.speaks, (plan) => plans.push(plan)),
      });
      const ask = path("posts", { search: "basket", orderBy: { search: "desc" } });
      expect((await asked(watched, "GET", ask)).status).toBe(200);
      expect(plans.length).toBe(1);
      expect(plans[0]).toContain(
        place.speaks === "sqlite" ? "SCAN posts_search VIRTUAL TABLE" : "Bitmap Index Scan on posts_search",
      );
      expect(plans[0]).not.toMatch(/SCAN posts(?!_)|Seq Scan on posts/);
      if (place.speaks !== "sqlite") return;
      // The rows that fit are ranked once, not one by one; those of a relation are found by what ties them.
      expect(plans[0]).toContain("MATERIALIZE ~ranked");
      const comments = { search: "fig", limit: 1 };
      await asked(watched, "GET", path("posts", { columns: { id: true, title: true }, with: { comments } }));
      expect(plans[1]).toContain("SEARCH comments USING INDEX comments_post (post_id=?)");
    });
});

/** Databases whose statements all go over one connection. */
const PLANNED = new Set(["libsql memory", "bun:sqlite", "PGlite"]);

/** A dialect that tells how the database comes by the rows of each question about words. */
function explaining(inner: Dialect, speaks: string, told: (plan: string) => unknown): Dialect {
  const explain = async (...[database, text, values]: Parameters<Dialect["query"]>): Promise<void> => {
    const ask = (question: string, bound: readonly unknown[] = []): ReturnType<Dialect["query"]> =>
      inner.query(database, question, bound);
    if (speaks === "postgresql") await ask("set enable_seqscan = off");
    const rows = await ask(`${speaks === "sqlite" ? "explain query plan" : "explain"} ${text}`, values);
    if (speaks === "postgresql") await ask("reset enable_seqscan");
    told(rows.map((row) => Array.from(row).join(" ")).join("\n"));
  };
  return new Proxy(inner, {
    get(target, name) {
      if (name === "lane") return undefined;
      if (name === "query")
        return async (...args: Parameters<Dialect["query"]>) => {
          if (args[1].includes("headline")) await explain(...args);
          return target.query(...args);
        };
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
