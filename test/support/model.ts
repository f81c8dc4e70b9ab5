import {
  and,
  between,
  eq,
  exists,
  gt,
  inArray,
  isNotNull,
  isNull,
  like,
  ne,
  not,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { alias, QueryBuilder } from "drizzle-orm/sqlite-core";
import * as schema from "./schema.ts";

/** What a column holds, as far as the laws care. */
export type Kind =
  | "text"
  | "choice"
  | "integer"
  | "real"
  | "decimal"
  | "bigint"
  | "digits"
  | "boolean"
  | "date"
  | "json"
  | "blob"
  | "point";

export type TableName = "author" | "article" | "comment" | "tag" | "articleTag" | "sample";
export type Row = Readonly<Record<string, unknown>>;
/** All rows of a database, as the schema's types have them. */
export type World = Readonly<Record<TableName, readonly Row[]>>;

/** A table in plain words: its columns, its key, its relations with the columns they join by. */
export interface TableModel {
  readonly columns: Readonly<Record<string, Kind>>;
  readonly key: readonly string[];
  readonly relations: Readonly<
    Record<
      string,
      {
        readonly many: boolean;
        readonly table: TableName;
        readonly on: readonly (readonly [string, string])[];
      }
    >
  >;
}

const many = (table: TableName, ...on: (readonly [string, string])[]) => ({ many: true, table, on });
const one = (table: TableName, ...on: (readonly [string, string])[]) => ({ many: false, table, on });

export const MODEL: Readonly<Record<TableName, TableModel>> = {
  author: {
    columns: {
      id: "integer",
      name: "text",
      email: "text",
      secret: "text",
      role: "choice",
      mentorId: "integer",
    },
    key: ["id"],
    relations: {
      articles: many("article", ["id", "authorId"]),
      reviews: many("article", ["id", "reviewerId"]),
      comments: many("comment", ["id", "authorId"]),
      mentor: one("author", ["mentorId", "id"]),
      students: many("author", ["id", "mentorId"]),
    },
  },
  article: {
    columns: {
      id: "text",
      authorId: "integer",
      reviewerId: "integer",
      title: "text",
      body: "text",
      rating: "real",
      views: "integer",
      published: "boolean",
      createdAt: "date",
    },
    key: ["id"],
    relations: {
      author: one("author", ["authorId", "id"]),
      reviewer: one("author", ["reviewerId", "id"]),
      comments: many("comment", ["id", "articleId"]),
      tags: many("articleTag", ["id", "articleId"]),
    },
  },
  comment: {
    columns: { id: "integer", articleId: "text", authorId: "integer", text: "text", hidden: "boolean" },
    key: ["id"],
    relations: { article: one("article", ["articleId", "id"]), author: one("author", ["authorId", "id"]) },
  },
  tag: {
    columns: { id: "integer", label: "text" },
    key: ["id"],
    relations: { articles: many("articleTag", ["id", "tagId"]) },
  },
  articleTag: {
    columns: { articleId: "text", tagId: "integer" },
    key: ["articleId", "tagId"],
    relations: { article: one("article", ["articleId", "id"]), tag: one("tag", ["tagId", "id"]) },
  },
  sample: {
    columns: {
      id: "integer",
      parentId: "integer",
      text: "text",
      choice: "choice",
      json: "json",
      integer: "integer",
      flag: "boolean",
      seconds: "date",
      millis: "date",
      real: "real",
      decimal: "decimal",
      number: "real",
      numericBig: "bigint",
      big: "digits",
      bytes: "blob",
      blobJson: "json",
      point: "point",
    },
    key: ["id"],
    relations: { parent: one("sample", ["parentId", "id"]), children: many("sample", ["id", "parentId"]) },
  },
};

/** A row filter said twice: as an author writes it, and in plain JavaScript. Nulls are SQL's: `null` is "unknown". */
export interface FilterModel {
  readonly sql: (me: number, table: any) => SQL | boolean | undefined | Promise<SQL | boolean | undefined>;
  readonly js: (row: any, me: number, world: World) => boolean | null;
}

const { author, article, articleTag, comment, sample } = schema;
const query = new QueryBuilder();
const boss = alias(author, "boss");
const some = (rows: readonly Row[], test: (row: any) => boolean): boolean => rows.some(test);
/** OR of three-valued conditions. */
const either = (...parts: (boolean | null)[]): boolean | null =>
  parts.includes(true) ? true : parts.includes(null) ? null : false;
const equals = (left: unknown, right: unknown): boolean | null => (left === null ? null : left === right);

const ALWAYS: Readonly<Record<string, FilterModel>> = {
  every: { sql: () => true, js: () => true },
  none: { sql: () => false, js: () => false },
  silent: { sql: () => undefined, js: () => false },
};

export const FILTERS: Readonly<Record<TableName, Readonly<Record<string, FilterModel>>>> = {
  author: {
    ...ALWAYS,
    self: { sql: (me, t) => eq(t.id, me), js: (row, me) => row.id === me },
    others: { sql: (me) => sql`${author.id} <> ${me}`, js: (row, me) => row.id !== me },
    editors: { sql: () => sql`${author.role} = 'editor'`, js: (row) => row.role === "editor" },
    secretive: { sql: () => like(author.secret, "s-%"), js: (row) => /^s-/i.test(row.secret) },
    mentored: { sql: async (me) => eq(author.mentorId, me), js: (row, me) => equals(row.mentorId, me) },
    published: {
      sql: () =>
        exists(
          query
            .select({ one: sql`1` })
            .from(article)
            .where(sql`${article.authorId} = ${author.id} and ${article.published} = ${true}`),
        ),
      js: (row, _me, { article }) => some(article, (a) => a.authorId === row.id && a.published),
    },
    unlikeBoss: {
      sql: () =>
        exists(
          query
            .select()
            .from(boss)
            .where(and(eq(boss.id, author.mentorId), ne(boss.role, author.role))),
        ),
      js: (row, _me, world) => some(world.author, (m) => m.id === row.mentorId && m.role !== row.role),
    },
    byEditor: {
      sql: () =>
        sql`exists (select 1 from authors as m where m.id = ${author.mentorId} and m.role = ${"editor"})`,
      js: (row, _me, world) => some(world.author, (m) => m.id === row.mentorId && m.role === "editor"),
    },
  },
  article: {
    ...ALWAYS,
    listed: {
      sql: () => sql`${article.views} in ${[0, 1, 5]}`,
      js: (row) => [0, 1, 5].includes(row.views),
    },
    made: {
      sql: () => between(article.createdAt, new Date(-1), new Date(1_700_000_003_499)),
      js: (row) => row.createdAt.getTime() >= -1 && row.createdAt.getTime() <= 1_700_000_003_499,
    },
    inline: {
      sql: (me) => sql`${article.authorId} = ${me} or ${article.title} in (${"a"}, ${"it's"})`.inlineParams(),
      js: (row, me) => row.authorId === me || row.title === "a" || row.title === "it's",
    },
    published: { sql: (_me, t) => eq(t.published, true), js: (row) => row.published },
    mine: { sql: (me, t) => eq(t.authorId, me), js: (row, me) => row.authorId === me },
    // Without brackets of its own: whoever puts an `and` beside it has to mind.
    loose: {
      sql: (me) => sql`${article.reviewerId} = ${me} or ${article.published} = ${true}`,
      js: (row, me) => either(equals(row.reviewerId, me), row.published),
    },
    visible: {
      sql: (me, t) => or(eq(t.published, true), eq(t.authorId, me)),
      js: (row, me) => row.published || row.authorId === me,
    },
    notMyReview: {
      sql: (me, t) => not(eq(t.reviewerId, me)),
      js: (row, me) => (row.reviewerId === null ? null : row.reviewerId !== me),
    },
    read: { sql: async (_me, t) => gt(t.views, 3), js: (row) => row.views > 3 },
    some: {
      sql: (_me, t) => inArray(t.views, [0, 1, 5, 20]),
      js: (row) => [0, 1, 5, 20].includes(row.views),
    },
    unrated: { sql: (_me, t) => isNull(t.rating), js: (row) => row.rating === null },
    commented: {
      sql: (me) =>
        exists(
          query
            .select({ one: sql`1` })
            .from(comment)
            .where(sql`${comment.articleId} = ${article.id} and ${comment.authorId} = ${me}`),
        ),
      js: (row, me, world) => some(world.comment, (c) => c.articleId === row.id && c.authorId === me),
    },
    byEditor: {
      sql: () =>
        sql`(select ${author.role} from ${author} where ${author.id} = ${article.authorId}) = ${"editor"}`,
      js: (row, _me, world) => some(world.author, (a) => a.id === row.authorId && a.role === "editor"),
    },
    recent: {
      sql: (_me, t) => gt(t.createdAt, new Date(1_700_000_000_000)),
      js: (row) => row.createdAt.getTime() > 1_700_000_000_000,
    },
  },
  comment: {
    ...ALWAYS,
    shown: { sql: (_me, t) => eq(t.hidden, false), js: (row) => !row.hidden },
    own: { sql: (me, t) => eq(t.authorId, me), js: (row, me) => row.authorId === me },
    // Stored rows find themselves; new ones only others that were there before.
    again: {
      sql: (_me, t) =>
        sql`exists (select 1 from comments as c where c.article_id = ${t.articleId} and c.author_id = ${t.authorId})`,
      js: (row, _me, world) =>
        some(world.comment, (c) => c.articleId === row.articleId && c.authorId === row.authorId),
    },
    few: {
      sql: (_me, t) => sql`(select count(*) from comments as c where c.author_id = ${t.authorId}) <= ${1}`,
      js: (row, _me, { comment }) => comment.filter((c) => c["authorId"] === row.authorId).length <= 1,
    },
    onPublished: {
      sql: () =>
        sql`exists (select 1 from ${article} where ${article.id} = ${comment.articleId} and ${article.published} = 1)`,
      js: (row, _me, world) => some(world.article, (a) => a.id === row.articleId && a.published),
    },
    notByAuthor: {
      sql: () =>
        ne(
          comment.authorId,
          sql`(select ${article.authorId} from ${article} where ${article.id} = ${comment.articleId})`,
        ),
      js: (row, _me, world) =>
        some(world.article, (a) => a.id === row.articleId && a.authorId !== row.authorId),
    },
  },
  tag: {
    ...ALWAYS,
    used: {
      sql: () => sql`${schema.tag.id} in (select ${articleTag.tagId} from ${articleTag})`,
      js: (row, _me, world) => some(world.articleTag, (link) => link.tagId === row.id),
    },
  },
  articleTag: {
    ...ALWAYS,
    first: { sql: (_me, t) => eq(t.tagId, 1), js: (row) => row.tagId === 1 },
    mine: {
      sql: (me) =>
        sql`exists (select 1 from ${article} where ${article.id} = ${articleTag.articleId} and ${article.authorId} = ${me})`,
      js: (row, me, world) => some(world.article, (a) => a.id === row.articleId && a.authorId === me),
    },
  },
  sample: {
    ...ALWAYS,
    odd: { sql: () => sql`${sample.id} % 2 = 1`, js: (row) => row.id % 2 === 1 },
    child: { sql: (_me, t) => isNotNull(t.parentId), js: (row) => row.parentId !== null },
    notMe: { sql: async (me, t) => ne(t.id, me), js: (row, me) => row.id !== me },
    parented: {
      sql: () => sql`exists (select 1 from samples as p where p.id = ${sample.parentId} and p.id > ${1})`,
      js: (row) => row.parentId !== null && row.parentId > 1,
    },
  },
};

/** A computed field said twice, and the columns it speaks of; without `js` the oracle leaves it out. */
export interface ExtraModel {
  readonly sql: SQL.Aliased;
  readonly js?: (row: any, world: World) => unknown;
  /** The columns it reads, where it reads one row alone. */
  readonly reads?: readonly string[];
}

const upper = (text: string): string => text.replace(/[a-z]/g, (letter) => letter.toUpperCase());

export const EXTRAS: Readonly<Record<TableName, Readonly<Record<string, ExtraModel>>>> = {
  author: {
    shout: { sql: sql`upper(${author.name})`.as("shout"), js: (row) => upper(row.name), reads: ["name"] },
    written: {
      sql: sql`(select count(*) from ${article} where ${article.authorId} = ${author.id})`.as("written"),
      js: (row, world) => world.article.filter((a) => a["authorId"] === row.id).length,
    },
    quoted: { sql: sql`${'it\'s "so"'}`.as("quoted"), js: () => 'it\'s "so"', reads: [] },
  },
  article: {
    doubled: {
      sql: sql`${article.views} * ${2}`.as("doubled"),
      js: (row) => row.views * 2,
      reads: ["views"],
    },
    scored: {
      sql: sql`coalesce(${article.rating}, 0) * ${0.1}`.as("scored"),
      js: (row) => (row.rating ?? 0) * 0.1,
      reads: ["rating"],
    },
    remarks: {
      sql: sql`(select count(*) from ${comment} where ${comment.articleId} = ${article.id} and ${comment.hidden} = ${false})`.as(
        "remarks",
      ),
      js: (row, world) => world.comment.filter((c: any) => c.articleId === row.id && !c.hidden).length,
    },
    by: {
      sql: sql`(select ${author.name} from ${author} where ${author.id} = ${article.authorId})`.as("by"),
      js: (row, world) => world.author.find((a) => a["id"] === row.authorId)?.["name"] ?? null,
    },
    made: {
      sql: sql`${article.createdAt}`.mapWith(article.createdAt).as("made"),
      js: (row) => row.createdAt,
      reads: ["createdAt"],
    },
  },
  comment: {
    initial: {
      sql: sql`substr(${comment.text}, 1, 1)`.as("initial"),
      js: (row) => [...row.text][0] ?? "",
      reads: ["text"],
    },
  },
  tag: {
    uses: {
      sql: sql`(select count(*) from ${articleTag} where ${articleTag.tagId} = ${schema.tag.id})`.as("uses"),
      js: (row, world) => world.articleTag.filter((link) => link["tagId"] === row.id).length,
    },
  },
  articleTag: {
    pair: {
      sql: sql`${articleTag.articleId} || ':' || ${articleTag.tagId}`.as("pair"),
      js: (row) => `${row.articleId}:${row.tagId}`,
      reads: ["articleId", "tagId"],
    },
  },
  sample: {
    weight: { sql: sql`length(${sample.bytes})`.as("weight") },
    echo: { sql: sql`${sample.real}`.as("echo") },
    spoken: { sql: sql`${sample.text}`.as("spoken") },
    raw: { sql: sql`${sample.bytes}`.as("raw") },
    mapped: { sql: sql`${sample.json}`.mapWith(sample.json).as("mapped") },
    third: { sql: sql`${sample.number} / ${3}`.as("third") },
    above: { sql: sql`(select p.text from samples as p where p.id = ${sample.parentId})`.as("above") },
    endless: { sql: sql`9e999`.as("endless") },
  },
};
