// The client's questions through relations, of numbers of rows and of pages. Checked by the compiler, never run: each line
// that must not compile says why, and each directive covers the line of the mistake only.
import type { ACL, InferApi } from "@bepalo/query";
import { createQueryClient, type Page, type ReadQuestion, type RowOf } from "@bepalo/query/client";
import { expectTypeOf } from "expect-type";
import type * as schema from "../support/schema.ts";

const rules = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { mode: false, columns: ["body"] },
          search: true,
          with: {
            author: { select: { columns: ["id", "name", "role"] }, with: { mentor: true, articles: true } },
            reviewer: { select: { columns: ["name"] }, forbidQuery: { where: true, orderBy: true } },
            comments: { select: { columns: ["text", "authorId"] }, with: { author: true } },
            labels: { through: ["tags", "tag"], select: true, with: { articles: true } },
            shared: { through: ["tags", "tag"], resource: "names" },
            tags: { select: true, forbidQuery: { count: true, required: true } },
          },
        },
        guest: { select: { columns: ["id"] }, forbidQuery: { cursor: true } },
      },
      PATCH: { all: { select: true, with: { author: true } } },
      DELETE: {
        all: { select: { columns: ["id"] }, with: { comments: { select: { columns: ["hidden"] } } } },
      },
    },
  },
  names: { table: "tag", control: { GET: { all: { select: { columns: ["label"] } } } } },
  samples: { table: "sample", control: { GET: { all: { select: true, with: { parent: true } } } } },
  people: {
    table: "author",
    control: { GET: { all: { select: true, with: { mentor: "people", articles: "articles" } } } },
  },
} satisfies ACL<"writer", object, object, typeof schema>;
type Api = InferApi<typeof rules, typeof schema>;
const api = createQueryClient<Api>();
const columns = { id: true } as const;

/* Filters. */

export async function filters(): Promise<void> {
  const where = [
    await api.get("articles", { columns, where: { "author.name": "Ada", "author.name.like": "A%" } }),
    await api.get("articles", { columns, where: { "author.mentor.name.startsWith": "A" } }),
    await api.get("articles", { columns, where: { "author.role.in": ["writer"], "author.mentor.id.gt": 1 } }),
    await api.get("articles", { columns, where: { "comments.some": { text: "x", "author.name": "Ada" } } }),
    await api.get("articles", { columns, where: { comments: true, "comments.none": { "text.like": "a%" } } }),
    await api.get("articles", { columns, where: { "comments.every": { "text.like": "a%" } } }),
    await api.get("articles", {
      columns,
      where: { author: { name: "Ada" }, "author.is": { role: "writer" } },
    }),
    await api.get("articles", { columns, where: { author: null } }),
    await api.get("articles", { columns, where: { "author.isNot": null } }),
    await api.get("articles", { columns, where: { "comments.count": 3 } }),
    await api.get("articles", { columns, where: { "comments.count.gte": 3, "comments.count.in": [1, 2] } }),
    await api.get("articles", { columns, where: { "comments.count.between": [1, 3] } }),
    await api.get("articles", { columns, where: { "comments.count": { where: { text: "x" }, gte: 3 } } }),
    await api.get("articles", { columns, where: { "labels.some": { label: "a" }, "labels.count.gt": 1 } }),
    await api.get("articles", {
      columns,
      where: { OR: [{ "author.name": "Ada" }, { NOT: { "labels.some": { "articles.some": true } } }] },
    }),
  ] as const;
  expectTypeOf<(typeof where)[number]["articles"]>().toEqualTypeOf<{ id: string }[]>();
  await api.get("people", { where: { "mentor.mentor.mentor.mentor.name.like": "A%" } });
  await api.get("samples", {
    where: { "json.json": { path: ["a", 0], gte: 1 }, "parent.json.json": { path: ["a"], isNull: true } },
  });
  await api.patch("articles", { title: "a" }, { where: { "author.name": "Ada" } });
  await api.delete("articles", { where: { "comments.some": { hidden: true } } });
}

export async function wrongFilters(): Promise<void> {
  await api.get("articles", {
    where: {
      // @ts-expect-error `author` lets out no column `nme`
      "author.nme": "Ada",
      // @ts-expect-error nor with an operator
      "author.nme.like": "Ada",
      // @ts-expect-error what the relation's rule hides is not filtered by
      "author.email": "a",
      // @ts-expect-error there is no operator `lke`
      "author.name.lke": "a",
      // @ts-expect-error a number is not looked into
      "author.id.like": "a",
      // @ts-expect-error a name is a text
      "author.name": 5,
      // @ts-expect-error a pattern is one
      "author.name.like": 5,
      // @ts-expect-error there is no such role
      "author.role.in": ["reader"],
      // @ts-expect-error the rule does not go on there
      "author.comments.some": true,
      // @ts-expect-error there is no such relation
      "writer.is": { name: "a" },
    },
  });
  await api.get("articles", {
    where: {
      // @ts-expect-error a relation may forbid to be filtered by
      "reviewer.name": "Ada",
      // @ts-expect-error whatever the filter
      "reviewer.is": null,
      // @ts-expect-error a list has no one text
      "comments.text": "x",
      // @ts-expect-error every one of what
      "comments.every": true,
      // @ts-expect-error one row is not counted
      "author.count": 1,
      // @ts-expect-error a relation may forbid to be counted
      "tags.count.gt": 1,
      // @ts-expect-error numbers have no patterns
      "comments.count.like": 1,
      // @ts-expect-error a number is a number
      "comments.count.gt": "1",
      // @ts-expect-error between takes a pair
      "comments.count.between": [1],
    },
  });
  // @ts-expect-error one comparison
  await api.get("articles", { where: { "comments.count": { gt: 1, lt: 3 } } });
  // @ts-expect-error the inner filter knows its columns
  await api.get("articles", { where: { "comments.count": { where: { hidden: true }, gte: 1 } } });
  // @ts-expect-error a text is no document
  await api.get("samples", { where: { "parent.text.json": { path: ["a"], eq: 1 } } });
  // @ts-expect-error one comparison
  await api.get("samples", { where: { "parent.json.json": { path: ["a"], gt: 1, lt: 2 } } });
  // @ts-expect-error hidden comments are not asked for
  await api.get("articles", { where: { "comments.some": { hidden: true } } });
  // @ts-expect-error nor deeper down
  await api.get("articles", { where: { OR: [{ comments: { "author.nme": "a" } }] } });
  // @ts-expect-error a condition that went missing would let more rows through
  await api.get("articles", { where: { "comments.some": { text: undefined } } });
  // @ts-expect-error the join table has no name of its own
  await api.get("articles", { where: { "labels.some": { tagId: 1 } } });
  // @ts-expect-error a DELETE's own rule names the relation, and hides the text
  await api.delete("articles", { where: { "comments.some": { text: "x" } } });
  // @ts-expect-error nor is there any other
  await api.delete("articles", { where: { "author.name": "x" } });
}

/* Orders. */

export async function orders(): Promise<void> {
  await api.get("articles", {
    search: "fig",
    orderBy: {
      "author.name": "asc",
      "author.mentor.name": { sort: "desc", nulls: "last" },
      "comments.count": -1,
      rating: { sort: 1, nulls: "first" },
      search: "desc",
    },
  });
  await api.get("articles", {
    orderBy: {
      // @ts-expect-error `author` lets out no column `nme`
      "author.nme": "asc",
      // @ts-expect-error a relation may forbid to be sorted by
      "reviewer.name": "asc",
      // @ts-expect-error comments are a list
      "comments.text": "asc",
      // @ts-expect-error what may not be counted is not sorted by
      "tags.count": "asc",
    },
  });
  // @ts-expect-error nulls stand first or last
  await api.get("articles", { orderBy: { title: { sort: "asc", nulls: "middle" } } });
  // @ts-expect-error people are not searched
  await api.get("people", { search: "Ada" });
  // @ts-expect-error nor sorted by relevance
  await api.get("people", { orderBy: { search: "desc" } });
}

/* Relations: other names, lists over a join table, rows that must be there. */

export async function written(): Promise<void> {
  const made = await api.patch("articles", { title: "a" }, { where: { id: "a" }, with: { author: true } });
  expectTypeOf(made.articles[0]!).toHaveProperty("author");
  // @ts-expect-error what is written is answered, so that no relation leaves rows out
  await api.patch("articles", { title: "a" }, { where: { id: "a" }, with: { author: { required: true } } });
}

export async function relations(): Promise<void> {
  const { articles } = await api.get("articles", {
    columns,
    with: {
      newest: { relation: "comments", columns: { text: true }, orderBy: { text: "desc" }, limit: 1 },
      mine: {
        relation: "comments",
        where: { "authorId.in": [1] },
        with: { author: { columns: { name: true } } },
      },
      labels: { columns: { label: true } },
      author: { required: true, columns: { name: true }, with: { boss: { relation: "mentor", columns } } },
      reviewer: { required: true },
    },
  });
  type Mine = (typeof articles)[0]["mine"][0];
  expectTypeOf<Omit<(typeof articles)[0], "mine">>().toEqualTypeOf<{
    id: string;
    newest: { text: string }[];
    labels: { label: string }[];
    author: { name: string; boss: { id: number } | null };
    reviewer: { name: string };
    $more?: readonly ("mine" | "labels")[];
  }>();
  expectTypeOf<Mine["text"]>().toEqualTypeOf<string>();
  const { articles: labelled } = await api.get("articles", {
    columns,
    with: { labels: { limit: 5, where: { "label.like": "a%" } } },
  });
  expectTypeOf(labelled).toEqualTypeOf<{ id: string; labels: { id: number; label: string }[] }[]>();
  const { articles: shared } = await api.get("articles", {
    columns,
    with: { shared: { limit: 5, columns: { label: true } } },
    where: { "shared.some": { label: "a" } },
  });
  expectTypeOf(shared).toEqualTypeOf<{ id: string; shared: { label: string }[] }[]>();
  // @ts-expect-error the rules of the resource that it is under let out no id
  await api.get("articles", { with: { shared: { columns: { id: true } } } });
}

export async function wrongRelations(): Promise<void> {
  await api.get("articles", {
    with: {
      // @ts-expect-error there is no such relation
      newest: { relation: "coments" },
      // @ts-expect-error a name of its own wants a relation
      oldest: { limit: 1 },
      // @ts-expect-error a column has that name
      title: { relation: "comments" },
      // @ts-expect-error the relation's rule hides it, by whatever name
      hidden: { relation: "comments", columns: { hidden: true } },
      // @ts-expect-error nor is it filtered by
      shown: { relation: "comments", where: { hidden: false } },
      // @ts-expect-error a key is a number
      some: { relation: "comments", where: { authorId: "1" } },
      // @ts-expect-error one row has no limit, by whatever name
      writer: { relation: "author", limit: 1 },
      // @ts-expect-error a relation may forbid it
      tags: { required: true },
    },
  });
}

/* Numbers of rows. */

export async function counts(perhaps: boolean): Promise<void> {
  const { articles } = await api.get("articles", {
    columns,
    count: {
      comments: true,
      long: { relation: "comments", where: { "text.like": "%....%" } },
      labels: false,
    },
    with: { author: { columns: { name: true }, count: { articles: perhaps } } },
  });
  expectTypeOf(articles).toEqualTypeOf<
    {
      id: string;
      _count: { comments: number; long: number };
      author: { name: string; _count?: { articles?: number } };
    }[]
  >();
  await api.get("articles", {
    count: {
      // @ts-expect-error one row is not counted
      author: true,
      // @ts-expect-error a relation may forbid it
      tags: true,
      // @ts-expect-error there is no such relation
      likes: true,
      // @ts-expect-error a number has no limit
      comments: { limit: 1 },
      // @ts-expect-error the relation's rule hides it
      hidden: { relation: "comments", where: { hidden: true } },
    },
  });
  const alone = await api.get("articles", { columns: false, count: { comments: true } });
  expectTypeOf(alone.articles).toEqualTypeOf<{ _count: { comments: number } }[] | undefined>();
}

/* Pages, and all rows of a filter. */

export async function pages(perhaps: boolean, from: string | undefined): Promise<void> {
  const { articles: _articles, ...first } = await api.get("articles", {
    columns,
    cursor: true,
    countFiltered: true,
    limit: 5,
  });
  expectTypeOf(first).toEqualTypeOf<{ count: number; filtered: number; page: Page }>();
  const next = await api.get("articles", { columns, after: first.page.next ?? "", limit: 5 });
  expectTypeOf(next.page).toEqualTypeOf<Page>();
  const maybe = await api.get("articles", { columns, cursor: perhaps, countFiltered: perhaps, after: from });
  expectTypeOf(maybe.page).toEqualTypeOf<Page | undefined>();
  expectTypeOf(maybe.filtered).toEqualTypeOf<number | undefined>();
  expectTypeOf(maybe.more).toEqualTypeOf<true | undefined>();
  // @ts-expect-error one row is on no page
  await api.first("articles", { cursor: true });
  // @ts-expect-error nor is it counted
  await api.first("articles", { countFiltered: true });
  // @ts-expect-error a relation has no pages
  await api.get("articles", { with: { comments: { after: "x" } } });
  // @ts-expect-error a rule may forbid it
  await api.get("articles", { guest: true, cursor: true });
  // @ts-expect-error a rule may forbid it
  await api.get("articles", { guest: true, after: "x" });
}

/* The types of questions take the same, but for other names of relations, and paths over two relations at most. */

type Where = NonNullable<ReadQuestion<Api, "articles">["where"]>;

export async function standalone(): Promise<void> {
  const where: Where = {
    "author.name.like": "A%",
    "author.mentor.name": "Ada",
    "author.is": { "mentor.is": { "name.like": "A%" } },
    "comments.some": { OR: [{ "author.name": "Ada" }] },
    "labels.count": { where: { label: "a" }, gte: 2 },
  };
  await api.get("articles", { where });
  const question: ReadQuestion<Api, "articles"> = {
    where,
    orderBy: { "author.name": "asc", "comments.count": { sort: "desc" }, search: 1 },
    count: { comments: { where: { text: "x" } } },
    with: { labels: { required: true } },
    cursor: true,
    search: "fig",
  };
  await api.get("articles", question);
  expectTypeOf<
    RowOf<Api, "articles", "GET", { columns: { id: true }; count: { comments: true } }>
  >().toEqualTypeOf<{
    id: string;
    _count: { comments: number };
  }>();
  // @ts-expect-error `author` lets out no column `nme`
  void ({ "author.nme": "a" } satisfies Where);
  // @ts-expect-error what the relation's rule hides is not filtered by
  void ({ "comments.some": { hidden: true } } satisfies Where);
  // @ts-expect-error one comparison
  void ({ "comments.count": { gt: 1, lt: 3 } } satisfies Where);
  // @ts-expect-error a count compares
  void ({ "comments.count": { where: { text: "a" } } } satisfies Where);
  // @ts-expect-error one row is not counted
  void ({ count: { author: true } } satisfies ReadQuestion<Api, "articles">);
  // @ts-expect-error people are not searched
  void ({ search: "Ada" } satisfies ReadQuestion<Api, "people">);
}
