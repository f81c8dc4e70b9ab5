// The data every rival answers from: 1,000 users, 50,000 posts, 200,000 comments, the same every time.
import type { Table } from "drizzle-orm";
import * as schema from "./schema.ts";

export const USERS = 1_000;
export const POSTS = 50_000;
export const COMMENTS = 200_000;
/** The one user who may read everybody's posts. */
export const ADMIN = userId(0);

/** How much of it there is. */
export interface Sizes {
  readonly posts: number;
  readonly comments: number;
}

export const WHOLE: Sizes = { posts: POSTS, comments: COMMENTS };

export const MORNING = Date.UTC(2025, 0, 1, 9);

/** The key of the user of that number. */
export function userId(number: number): string {
  return `user-${String(number).padStart(4, "0")}`;
}

/** Who wrote a post: users take turns, 50 posts each. */
export function authorOf(postId: number): string {
  return userId((postId - 1) % USERS);
}

/** The session token of a user; as long as better-auth's own. */
export function tokenOf(user: string): string {
  return `${user}-`.padEnd(32, "abcdefghijklmnopqrstuvwxyz");
}

/** A row by the names of its table's columns in SQL. */
export type Row = Readonly<Record<string, string | number | boolean | Date>>;

/** The rows of each table, in the order their references allow. */
export function rows({ posts, comments }: Sizes): readonly (readonly [table: Table, rows: Iterable<Row>])[] {
  return [
    [schema.user, users()],
    [schema.session, sessions()],
    [schema.post, postsOf(posts)],
    [schema.comment, commentsOf(comments, posts)],
  ];
}

function* users(): Generator<Row> {
  for (let i = 0; i < USERS; i++) {
    const id = userId(i);
    yield {
      id,
      name: `Person number ${i}`,
      email: `${id}@local.dev`,
      email_verified: true,
      role: id === ADMIN ? "admin" : "user",
      ...made(i * 1000),
    };
  }
}

function* sessions(): Generator<Row> {
  const tomorrow = new Date(Date.now() + 86_400_000);
  for (let i = 0; i < USERS; i++) {
    const user = userId(i);
    yield {
      id: `session-${i}`,
      token: tokenOf(user),
      user_id: user,
      expires_at: tomorrow,
      ...made(i * 1000),
    };
  }
}

function* postsOf(count: number): Generator<Row> {
  for (let id = 1; id <= count; id++) {
    const body = `This is post ${id}, "quoted" once and told in about a hundred characters, which is what people write.`;
    yield { id, user_id: authorOf(id), title: `Notes on subject ${id % 997}`, body, ...made(id * 61_001) };
  }
}

/** Posts have from none to eight comments, four on average. */
function* commentsOf(count: number, posts: number): Generator<Row> {
  for (let id = 1, postId = 1; id <= count; postId = (postId % posts) + 1) {
    for (let i = 0; i < (postId * 7) % 9 && id <= count; i++, id++) {
      yield {
        id,
        post_id: postId,
        user_id: userId((id * 31) % USERS),
        body: `Comment ${id} says something short.`,
        created_at: new Date(MORNING + id * 30_011),
      };
    }
  }
}

function made(afterMs: number): { readonly created_at: Date; readonly updated_at: Date } {
  const at = new Date(MORNING + afterMs);
  return { created_at: at, updated_at: at };
}
