import { relations } from "drizzle-orm";
import { blob, integer, numeric, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { jsonb, pgTable, text as pgText, timestamp } from "drizzle-orm/pg-core";
import { expectTypeOf } from "expect-type";
import {
  createQueryBuilder,
  createQueryClient,
  type Body,
  type Filter,
  type GetOptions,
  type Page,
  type Row,
  type TableName,
} from "@bepalo/query/client";
import type { Database, schema as sandbox } from "../../sandbox/db/index.ts";

/* The manual's example, against the schema it was written for. */

{
  const queryClient = createQueryClient<typeof sandbox, Database>();
  void queryClient
    .Get<"basket", "baskets">("/query/baskets", {
      countTotal: true,
      select: {
        columns: { name: true },
        with: {
          fruit: {
            orderBy: { sweetness: -1, name: "asc" },
            where: { "name.like": "%an%" },
            columns: { name: true, sweetness: true },
          },
        },
      },
    })
    .then(({ baskets, ...res }) => {
      expectTypeOf(res).toEqualTypeOf<{
        count: number;
        total?: number;
        filtered?: number;
        page?: Page;
        more?: true;
      }>();
      expectTypeOf(baskets[0]!.name).toEqualTypeOf<string | undefined>();
      expectTypeOf(baskets[0]!.fruit![0]!.sweetness).toEqualTypeOf<number | undefined>();
    });
  createQueryClient<typeof sandbox, Database>("http://localhost:4000");
  void createQueryClient<typeof sandbox, Database, "/query/v1">().Get<"post", "posts">("/query/v1/posts", {
    mine: true,
  });
}

/* A schema with one column of each kind, two relations between the same tables, and one to itself. */

const author = sqliteTable("authors", {
  id: integer("id").primaryKey(),
  name: text("name").notNull(),
  role: text("role", { enum: ["writer", "editor"] }).notNull(),
  bossId: integer("boss_id"),
});
const book = sqliteTable("books", {
  id: text("id").primaryKey(),
  title: text("title").notNull(),
  subtitle: text("subtitle"),
  authorId: integer("author_id").notNull(),
  editorId: integer("editor_id"),
  price: real("price"),
  tax: numeric("tax").notNull(),
  published: integer("published", { mode: "boolean" }).notNull(),
  createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
  removedAt: integer("removed_at", { mode: "timestamp_ms" }),
  views: blob("views", { mode: "bigint" }).notNull(),
  cover: blob("cover", { mode: "buffer" }),
  meta: text("meta", { mode: "json" }).$type<{ tags: string[]; edition?: number }>(),
});
const note = sqliteTable("notes", {
  id: integer("id").primaryKey(),
  AND: text("AND").notNull(),
  values: integer("values"),
});
const schema = {
  author,
  book,
  note,
  authorRelations: relations(author, ({ one, many }) => ({
    written: many(book, { relationName: "author" }),
    edited: many(book, { relationName: "editor" }),
    boss: one(author, { fields: [author.bossId], references: [author.id], relationName: "boss" }),
  })),
  bookRelations: relations(book, ({ one }) => ({
    author: one(author, { fields: [book.authorId], references: [author.id], relationName: "author" }),
    editor: one(author, { fields: [book.editorId], references: [author.id], relationName: "editor" }),
  })),
  roles: ["writer", "editor"] as const,
  tables: { author, book },
};
type Schema = typeof schema;
type BookFilter = Filter<(typeof book)["_"]["columns"]>;

const client = createQueryClient<Schema, unknown>();
const builder = createQueryBuilder<Schema, unknown>();

expectTypeOf<TableName<Schema>>().toEqualTypeOf<"author" | "book" | "note">();

/* Columns, order, range. */

builder.Get<"book">({
  select: {
    columns: { title: true, price: false },
    orderBy: { title: "asc", price: -1 },
    limit: 5,
    offset: 1,
  },
});
builder.Get<"book">({ select: { columns: true } });
builder.Get<"book">({ select: { columns: false } });
// @ts-expect-error there is no table `books`, the name is that of the schema
builder.Get<"books">({});
// @ts-expect-error `roles` is no table
builder.Get<"roles">({});
// @ts-expect-error there is no column `titel`
builder.Get<"book">({ select: { columns: { titel: true } } });
// @ts-expect-error a column is asked for with true or dropped with false
builder.Get<"book">({ select: { columns: { title: 1 } } });
// @ts-expect-error there is no column `titel`
builder.Get<"book">({ select: { orderBy: { titel: 1 } } });
// @ts-expect-error `up` is no direction
builder.Get<"book">({ select: { orderBy: { title: "up" } } });
// @ts-expect-error a limit is a number
builder.Get<"book">({ select: { limit: "5" } });
// @ts-expect-error there is no option `first`
builder.Get<"book">({ first: true });
// @ts-expect-error `select` holds the columns
builder.Get<"book">({ columns: { title: true } });
// @ts-expect-error GetFirst says `findFirst` itself
builder.GetFirst<"book">({ findFirst: true });

/* What is undefined is absent, except in filters. */

const perhaps = Math.random() < 0.5;
builder.Get<"book">({
  mine: perhaps ? true : undefined,
  select: {
    columns: perhaps ? { title: true } : undefined,
    where: perhaps ? { title: "a" } : undefined,
    orderBy: { title: perhaps ? 1 : undefined },
    limit: perhaps ? 1 : undefined,
    with: { author: perhaps ? true : undefined },
  },
});
// @ts-expect-error a condition that may be missing would let more rows through
builder.Get<"book">({ select: { where: { title: perhaps ? "a" : undefined } } });
// @ts-expect-error a filter that may be missing would delete every row
builder.Delete<"book">({ select: { where: perhaps ? { title: "a" } : undefined } });

/* Filters. */

const accepted: BookFilter[] = [
  { title: "a", "title.ne": "b", "title.gt": "c", "title.lte": "d" },
  { "title.like": "a%", "title.notLike": "b", "title.ilike": "c", "title.notIlike": "d" },
  { "title.contains": "a", "title.startsWith": "b", "title.endsWith": "c" },
  { "title.icontains": "a", "title.istartsWith": "b", "title.iendsWith": "c" },
  { "title.in": ["a"], "title.inArray": [], "title.notIn": ["b"], "title.notInArray": ["c"] },
  { "price.between": [1, 2], "price.notBetween": [3, 4], "price.isNull": true, "price.isNotNull": false },
  { subtitle: null, "subtitle.ne": null, "title.eq": null },
  { createdAt: new Date(), "createdAt.gte": "2025-03-01T00:00:00.000Z", "createdAt.lt": 1_234_567_000 },
  { "createdAt.between": [new Date(), 5], "createdAt.in": [new Date(), "2025-03-01"] },
  { views: 1n, "views.ne": "2", "views.in": [3n, "4"] },
  { tax: "1.5", "tax.gt": 2, published: true, cover: new Uint8Array(1), "cover.ne": "AA==" },
  { meta: { tags: ["a"] } },
  [{ title: "a" }, { "title.like": "b%", price: 3 }],
  { OR: [{ title: "a" }, { AND: [{ price: 1 }, [{ title: "b" }, { title: "c" }]] }], NOT: { "price.gt": 5 } },
  { NOT: [{ title: "a" }, { title: "b" }] },
];
void accepted;

const refused = (_filter: BookFilter): void => {};
// @ts-expect-error there is no column `titel`
refused({ titel: "a" });
// @ts-expect-error there is no column `titel`
refused({ "titel.like": "a" });
// @ts-expect-error there is no operator `lke`
refused({ "title.lke": "a" });
// @ts-expect-error there is no operator `constructor`
refused({ "title.constructor": "a" });
// @ts-expect-error like takes a string
refused({ "title.like": 5 });
// @ts-expect-error only texts have patterns
refused({ "price.like": "5%" });
// @ts-expect-error only texts have patterns, decimals are none
refused({ "tax.like": "5%" });
// @ts-expect-error a price is a number
refused({ price: "5" });
// @ts-expect-error greater than null is nothing
refused({ "price.gt": null });
// @ts-expect-error in takes a list
refused({ "title.in": "a" });
// @ts-expect-error lists hold no null
refused({ "title.in": [null] });
// @ts-expect-error between takes a pair
refused({ "price.between": [1] });
// @ts-expect-error between takes a pair, not three
refused({ "price.between": [1, 2, 3] });
// @ts-expect-error isNull takes true or false
refused({ "price.isNull": 1 });
// @ts-expect-error json has no order
refused({ "meta.gt": { tags: [] } });
// @ts-expect-error bytes have no order
refused({ "cover.lt": "AA==" });
// @ts-expect-error a big integer is no number, which could lose digits
refused({ views: 5 });
// @ts-expect-error a date is no boolean
refused({ createdAt: true });
// @ts-expect-error tags are strings
refused({ meta: { tags: [1] } });
// @ts-expect-error OR takes a list
refused({ OR: { title: "a" } });
// @ts-expect-error there is no column `titel`, at no depth
refused({ OR: [{ NOT: { titel: "a" } }] });
// @ts-expect-error there is no column `titel` in a list either
refused([{ title: "a" }, { titel: "b" }]);
// @ts-expect-error there is no column `length`, though lists have one
refused({ title: "a", length: 5 });
declare const key: string;
// @ts-expect-error a key known at run time only is checked by nobody
refused({ [key]: "a" });
// @ts-expect-error nor beside others, at no depth
refused({ OR: [{ title: "a", [key]: "a" }] });
// @ts-expect-error nor in a question
builder.Get<"book">({ select: { where: { [key]: "a" } } });
// @ts-expect-error nor in a relation
builder.Get<"author">({ select: { with: { written: { where: { [key]: "a" } } } } });

builder.Get<"author">({ select: { where: { role: "writer", "role.in": ["editor"], "role.like": "wri%" } } });
// @ts-expect-error there is no role `boss`
builder.Get<"author">({ select: { where: { role: "boss" } } });
// @ts-expect-error there is no role `boss`
builder.Get<"author">({ select: { where: { "role.in": ["boss"] } } });

builder.Get<"note">({ select: { where: { AND: "a", values: 1, OR: [{ AND: "b" }] } } });
// @ts-expect-error a column of that name wins over the operator
builder.Get<"note">({ select: { where: { AND: [{ values: 1 }] } } });

/* Relations, by their own names. */

builder.Get<"author">({
  select: {
    with: {
      boss: { with: { boss: true } },
      written: { where: { "title.like": "a%" }, limit: 2, with: { editor: { columns: { name: true } } } },
      edited: false,
    },
  },
});
// @ts-expect-error there is no relation `books`
builder.Get<"author">({ select: { with: { books: true } } });
// @ts-expect-error there is no relation `books`, at no depth
builder.Get<"author">({ select: { with: { boss: { with: { books: true } } } } });
// @ts-expect-error books have no `name`
builder.Get<"author">({ select: { with: { written: { columns: { name: true } } } } });
// @ts-expect-error there is no operator `lke`, at no depth
builder.Get<"author">({ select: { with: { written: { where: { "title.lke": "a" } } } } });
// @ts-expect-error one row has no limit
builder.Get<"author">({ select: { with: { boss: { limit: 1 } } } });
// @ts-expect-error one row is not filtered
builder.Get<"author">({ select: { with: { boss: { where: { name: "a" } } } } });
// @ts-expect-error notes have no relations
builder.Get<"note">({ select: { with: { author: true } } });

/* What each method takes. */

builder.Post<"book">({
  mine: true,
  countTotal: true,
  select: { columns: { id: true }, with: { author: true } },
});
builder.Patch<"book">({ "mine|guest": true, select: { columns: false, where: { id: "1" } } });
// @ts-expect-error new rows are not filtered
builder.Post<"book">({ select: { where: { id: "1" } } });
// @ts-expect-error changes have no limit
builder.Patch<"book">({ select: { limit: 1 } });
// @ts-expect-error changes have no order
builder.Delete<"book">({ select: { orderBy: { id: 1 } } });
// @ts-expect-error changes are lists
builder.Delete<"book">({ findFirst: true });

void client.Post<"book", "books">("/query/books", {
  title: "a",
  createdAt: new Date(),
  views: 5n,
  cover: new Uint8Array(2),
  price: null,
  subtitle: undefined,
});
void client.Post<"book", "books">("/query/books", [{ title: "a" }, { title: "b" }], { mine: true });
void client.Patch<"book", "books">("/query/books", { title: "a" }, { select: { where: { id: "1" } } });
void client.Delete<"book", "books">(
  "/query/books",
  { select: { where: { id: "1" } } },
  { signal: AbortSignal.timeout(5) },
);
// @ts-expect-error there is no column `titel`
void client.Post<"book", "books">("/query/books", { titel: "a" });
// @ts-expect-error there is no column `titel` in a list either
void client.Post<"book", "books">("/query/books", [{ title: "a" }, { titel: "b" }]);
// @ts-expect-error a title is not null
void client.Post<"book", "books">("/query/books", { title: null });
// @ts-expect-error a title is a text
void client.Patch<"book", "books">("/query/books", { title: 5 });
// @ts-expect-error a change is one object
void client.Patch<"book", "books">("/query/books", [{ title: "a" }]);
expectTypeOf<Body<Schema, "author">["role"]>().toEqualTypeOf<"writer" | "editor" | undefined>();

/* URLs. */

void client.Get<"book", "books">("/query/books");
void client.Get<"book", "books">("/query/books?mine&guest=F");
void client.Get<"book", "books">("https://api.example.com/v2/query/books#top");
void client.Get<"book", "books">(new URL("https://api.example.com/anything"));
// @ts-expect-error the answer has the name of the resource, which is `books` here
void client.Get<"book", "novels">("/query/books");
// @ts-expect-error the path is /query
void client.Get<"book", "books">("/query/v1/books");
// @ts-expect-error the method is the function's
void client.Get<"book", "books">("/query/books", {}, { method: "PUT" });

/* Errors in a call of Get stand where they are made, overloads or not: the directive below covers one line only. */

void client.Get<"book", "books">("/query/books", {
  select: {
    columns: {
      // @ts-expect-error there is no column `titel`
      titel: true,
    },
  },
});
void client.Get<"book", "books">("/query/books", {
  findFirst: true,
  select: {
    where: {
      // @ts-expect-error there is no operator `lke`
      "title.lke": "a",
    },
  },
});

/* Answers of the form with two type parameters: a list or a row, of which the columns and relations are not known. */

type Loose = Row<Schema, "book">;
async function loose(first: boolean): Promise<void> {
  const many = await client.Get<"book", "books">("/query/books", { select: { columns: { title: true } } });
  expectTypeOf(many).toEqualTypeOf<{
    count: number;
    total?: number;
    filtered?: number;
    page?: Page;
    more?: true;
    books: Loose[];
  }>();
  const one = await client.Get<"book", "books">("/query/books", { findFirst: true });
  expectTypeOf(one).toEqualTypeOf<{ total?: number; books: Loose | null }>();
  const either = await client.Get<"book", "books">("/query/books", { findFirst: first });
  expectTypeOf(either.books).toEqualTypeOf<Loose | null | Loose[]>();
  const forwarded = async (options: GetOptions<Schema, "book">) =>
    client.Get<"book", "books">("/query/books", options);
  expectTypeOf((await forwarded({})).books).toEqualTypeOf<Loose | null | Loose[]>();
  expectTypeOf((await client.GetFirst<"book", "books">("/query/books")).books).toEqualTypeOf<Loose | null>();
  expectTypeOf((await client.GetMany<"book", "books">("/query/books")).books).toEqualTypeOf<Loose[]>();
  const written = await client.Post<"book", "books">("/query/books", { title: "a" });
  expectTypeOf(written).toEqualTypeOf<{
    count: number;
    rowsAffected: number;
    inserted?: number;
    total?: number;
    books?: Loose[];
  }>();
  // @ts-expect-error whether there is a title, only the rule on the server knows
  void many.books[0]!.title.length;
}
void loose;

expectTypeOf<Omit<Loose, "author" | "editor">>().toEqualTypeOf<{
  id?: string;
  title?: string;
  subtitle?: string | null;
  authorId?: number;
  editorId?: number | null;
  price?: number | null;
  tax?: string;
  published?: boolean;
  createdAt?: string;
  removedAt?: string | null;
  views?: string;
  cover?: string | null;
  meta?: { tags: string[]; edition?: number } | null;
}>();
expectTypeOf<NonNullable<NonNullable<Loose["author"]>["written"]>[number]["title"]>().toEqualTypeOf<
  string | undefined
>();
expectTypeOf<Loose["author"]>().toEqualTypeOf<Row<Schema, "author"> | null | undefined>();

/* Answers of the form with three: exactly what was asked. */

const question = {
  countTotal: true,
  select: {
    columns: { title: true, createdAt: true, views: true, price: false },
    where: { "title.like": "a%" },
    with: { author: { columns: { name: true }, with: { written: { columns: { id: true } } } }, editor: true },
  },
} satisfies GetOptions<Schema, "book">;
interface ExpectedBook {
  title: string;
  createdAt: string;
  views: string;
  author: { name: string; written: { id: string }[]; $more?: readonly "written"[] } | null;
  editor: { id?: number; name?: string; role?: "writer" | "editor"; bossId?: number | null } | null;
}
async function exact(): Promise<void> {
  const many = await client.Get<"book", "books", typeof question>("/query/books", question);
  expectTypeOf(many).toEqualTypeOf<{
    count: number;
    total: number;
    more?: true;
    books: ExpectedBook[];
  }>();
  const first = await client.GetFirst<"book", "books", typeof question>("/query/books", question);
  expectTypeOf(first).toEqualTypeOf<{ total: number; books: ExpectedBook | null }>();
}
void exact;

expectTypeOf<Row<Schema, "author", { columns: { bossId: false; role: false } }>>().toEqualTypeOf<{
  id?: number;
  name?: string;
}>();
expectTypeOf<Row<Schema, "author", { columns: { id: true; name: boolean } }>>().toEqualTypeOf<{
  id: number;
  name?: string;
}>();
expectTypeOf<
  Row<Schema, "author", { columns: false; with: { boss: { columns: { id: true } }; written: false } }>
>().toEqualTypeOf<{ boss: { id: number } | null }>();
// @ts-expect-error a question about another table does not fit
void client.Get<"author", "authors", typeof question>("/query/authors", question);

/* Through relations: filters, orders, numbers of rows, and rows that must be there. */

builder.Get<"author">({
  cursor: true,
  countFiltered: true,
  select: {
    where: {
      "boss.name.like": "A%",
      "boss.boss.role": "editor",
      "written.some": { "author.name": "a", "price.gt": 5 },
      "written.count": { where: { published: true }, gte: 3 },
      "edited.count.lt": 3,
      "boss.isNot": null,
    },
    orderBy: { "boss.name": { sort: "asc", nulls: "last" }, "written.count": -1, search: "desc" },
    count: { written: true, edited: { where: { published: true } } },
    with: { written: { required: true, orderBy: { "author.name": 1 } } },
    search: "fig",
    after: "x",
  },
});
builder.Get<"author">({
  select: { where: { "written.some": { "meta.json": { path: ["tags", 0], eq: "a" } } } },
});
builder.Get<"book">({ select: { where: { "meta.json": { path: ["edition"], in: [1, 2] } } } });
// @ts-expect-error a title is no document
builder.Get<"book">({ select: { where: { "title.json": { path: ["a"], eq: 1 } } } });
// @ts-expect-error one comparison
builder.Get<"book">({ select: { where: { "meta.json": { path: ["a"], gt: 1, lt: 5 } } } });
// @ts-expect-error authors have no `nme`
builder.Get<"author">({ select: { where: { "boss.nme": "A" } } });
// @ts-expect-error a name is a text
builder.Get<"author">({ select: { where: { "boss.name": 5 } } });
// @ts-expect-error books have no `name`
builder.Get<"author">({ select: { where: { "written.some": { name: "a" } } } });
// @ts-expect-error one comparison
builder.Get<"author">({ select: { where: { "written.count": { gt: 1, lt: 5 } } } });
// @ts-expect-error a list has no one title
builder.Get<"author">({ select: { orderBy: { "written.title": 1 } } });
// @ts-expect-error one row is not counted
builder.Get<"author">({ select: { count: { boss: true } } });
// @ts-expect-error one row is on no page
builder.GetFirst<"author">({ cursor: true });
// @ts-expect-error a relation has no pages
builder.Get<"author">({ select: { with: { written: { after: "x" } } } });
const counted = {
  cursor: true,
  countFiltered: true,
  select: {
    columns: { name: true },
    count: { written: true },
    with: { boss: { required: true, columns: { name: true } }, edited: { columns: { id: true }, limit: 1 } },
  },
} satisfies GetOptions<Schema, "author">;
expectTypeOf(
  client.GetMany<"author", "authors", typeof counted>("/query/authors", counted),
).resolves.toEqualTypeOf<{
  count: number;
  total?: number;
  filtered: number;
  page: Page;
  more?: true;
  authors: { name: string; _count: { written: number }; boss: { name: string }; edited: { id: string }[] }[];
}>();

/* PostgreSQL: the same, with its own types. */

const place = pgTable("places", {
  id: pgText("id").primaryKey(),
  aliases: pgText("aliases").array().notNull(),
  seen: timestamp("seen").array(),
  info: jsonb("info").notNull(),
});
expectTypeOf<Row<{ place: typeof place }, "place">>().toEqualTypeOf<{
  id?: string;
  aliases?: string[];
  seen?: string[] | null;
  info?: unknown;
}>();
