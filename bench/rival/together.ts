// Posts that are inserted in one transaction, each with an answer of its own, by Drizzle's insert.
import type { openDrizzle } from "./open.ts";
import { isSync, openInTurns, tablesOf } from "./open.ts";
import type { Driver, NewPost } from "./rival.ts";

type Drizzle = ReturnType<typeof openDrizzle>;
type Found = readonly object[];

/** Inserts posts of a user. Drizzle's prepared statements are no transaction's, so that both ways by hand use it. */
export function together(
  driver: Driver,
  location: string,
  db: Drizzle,
): (user: string, posts: readonly NewPost[]) => Promise<readonly object[]> {
  const { post } = tablesOf(driver);
  const columns = { id: post.id, title: post.title, body: post.body, createdAt: post.createdAt };
  const insert = (tx: Pick<Drizzle, "insert">, { title, body }: NewPost, userId: string) =>
    tx.insert(post).values({ title, body, userId }).returning(columns);
  const answer = (posts: Found): object => ({ rowsAffected: posts.length, count: posts.length, posts });
  if (isSync(driver)) {
    // What its transaction runs waits for nothing.
    const sync = db as unknown as { transaction<T>(work: (tx: Drizzle) => T): T };
    return async (user, posts) =>
      sync.transaction((tx) => posts.map((one) => answer(insert(tx, one, user).all() as unknown as Found)));
  }
  // libsql begins no transaction beside another.
  const turns = (driver === "libsql" ? openInTurns(driver, location) : db) as Drizzle;
  return (user, posts) =>
    turns.transaction(async (tx) => {
      const answers: object[] = [];
      for (const one of posts) answers.push(answer(await insert(tx, one, user)));
      return answers;
    });
}
