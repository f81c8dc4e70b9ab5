import * as schema from "./schema.ts";
import type { TestDatabase } from "./databases.ts";

/** The tables that are filled, in the words of whichever database. */
type Tables = Pick<typeof schema, "article" | "articleTag" | "author" | "comment" | "tag">;

/** Three authors (one edits, two are mentored by her), six articles, eight comments, three tags. */
export async function fill(
  database: Pick<TestDatabase, "insert">,
  { article, articleTag, author, comment, tag }: Tables = schema,
): Promise<void> {
  await database.insert(author).values([
    { id: 1, name: "Ada", email: "ada@local.dev", secret: "s-ada", role: "editor" },
    { id: 2, name: "Ben", email: "ben@local.dev", secret: "s-ben", mentorId: 1 },
    { id: 3, name: "Cleo", email: "cleo@local.dev", secret: "s-cleo", mentorId: 1 },
  ]);
  await database.insert(article).values([
    {
      id: "a1",
      authorId: 1,
      title: "Alpha",
      body: "first",
      rating: 4.5,
      views: 10,
      published: true,
      createdAt: new Date(1_700_000_000_000),
    },
    {
      id: "a2",
      authorId: 2,
      reviewerId: 1,
      title: "Beta",
      body: null,
      rating: null,
      views: 20,
      published: true,
      createdAt: new Date(1_700_000_001_000),
    },
    {
      id: "a3",
      authorId: 2,
      reviewerId: 3,
      title: "Gamma",
      body: "100% sure",
      rating: 0.1 + 0.2,
      views: 20,
      published: false,
      createdAt: new Date(1_700_000_002_000),
    },
    {
      id: "a4",
      authorId: 2,
      title: "alphabet",
      body: "under_score",
      rating: -1,
      views: 5,
      published: true,
      createdAt: new Date(1_700_000_003_500),
    },
    {
      id: "a5",
      authorId: 3,
      reviewerId: 2,
      title: "Delta",
      body: "it's [odd]*",
      rating: 3,
      views: 0,
      published: false,
      createdAt: new Date(-1),
    },
    {
      id: "a6",
      authorId: 3,
      title: "Epsilon",
      body: "back\\slash",
      rating: 2.25,
      views: 7,
      published: true,
      createdAt: new Date(1_700_000_005_000),
    },
  ]);
  await database.insert(comment).values([
    { id: 1, articleId: "a1", authorId: 2, text: "nice" },
    { id: 2, articleId: "a1", authorId: 3, text: "hmm", hidden: true },
    { id: 3, articleId: "a2", authorId: 1, text: "good" },
    { id: 4, articleId: "a2", authorId: 2, text: "thanks" },
    { id: 5, articleId: "a2", authorId: 3, text: "spam", hidden: true },
    { id: 6, articleId: "a4", authorId: 1, text: "short" },
    { id: 7, articleId: "a6", authorId: 2, text: "long" },
    { id: 8, articleId: "a6", authorId: 1, text: "ok" },
  ]);
  await database.insert(tag).values([
    { id: 1, label: "news" },
    { id: 2, label: "how-to" },
    { id: 3, label: "unused" },
  ]);
  await database.insert(articleTag).values([
    { articleId: "a1", tagId: 1 },
    { articleId: "a2", tagId: 1 },
    { articleId: "a2", tagId: 2 },
  ]);
}
