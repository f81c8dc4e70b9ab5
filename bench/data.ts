// The data every rival answers from: 1,000 users, 50,000 posts, 200,000 comments, the same bytes every time.
import { Database } from "bun:sqlite";
import { getTableConfig, type SQLiteTable } from "drizzle-orm/sqlite-core";
import * as schema from "./schema.ts";

export const USERS = 1_000;
export const POSTS = 50_000;
export const COMMENTS = 200_000;
/** The one user who may read everybody's posts. */
export const ADMIN = userId(0);

const TABLES = [
  schema.user,
  schema.post,
  schema.comment,
  schema.session,
  schema.account,
  schema.verification,
];
const MORNING = Date.UTC(2025, 0, 1, 9);

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

/** Makes the file, in WAL mode, with everything checkpointed into it. */
export function createData(file: string): void {
  const database = new Database(file, { create: true });
  database.run("pragma journal_mode = wal");
  for (const table of TABLES) createTable(database, table);
  database.transaction(() => {
    fillUsers(database);
    fillPosts(database);
    fillComments(database);
  })();
  database.run("pragma wal_checkpoint(truncate)");
  database.close();
}

function createTable(database: Database, table: SQLiteTable): void {
  const { name, columns, foreignKeys, indexes } = getTableConfig(table);
  const members = columns.map((column) => {
    const unique = column.isUnique ? " unique" : "";
    const key = column.primary ? " primary key" : "";
    return `"${column.name}" ${column.getSQLType()}${key}${column.notNull && !column.primary ? " not null" : ""}${unique}`;
  });
  for (const key of foreignKeys) {
    const { columns: own, foreignTable, foreignColumns } = key.reference();
    members.push(
      `foreign key ("${own[0]!.name}") references "${getTableConfig(foreignTable).name}"("${foreignColumns[0]!.name}")`,
    );
  }
  database.run(`create table "${name}" (${members.join(", ")})`);
  for (const { config } of indexes) {
    const on = config.columns.map((column) => `"${(column as { name: string }).name}"`);
    database.run(`create index "${config.name}" on "${name}" (${on.join(", ")})`);
  }
}

function fillUsers(database: Database): void {
  const insert = database.prepare(
    `insert into "user" (id, name, email, email_verified, role, created_at, updated_at) values (?, ?, ?, 1, ?, ?, ?)`,
  );
  const signIn = database.prepare(
    `insert into "session" (id, token, user_id, expires_at, created_at, updated_at) values (?, ?, ?, ?, ?, ?)`,
  );
  const tomorrow = Date.now() + 86_400_000;
  for (let i = 0; i < USERS; i++) {
    const id = userId(i);
    const at = MORNING + i * 1000;
    insert.run(id, `Person number ${i}`, `${id}@local.dev`, id === ADMIN ? "admin" : "user", at, at);
    signIn.run(`session-${i}`, tokenOf(id), id, tomorrow, at, at);
  }
}

function fillPosts(database: Database): void {
  const insert = database.prepare(
    `insert into "post" (id, user_id, title, body, created_at, updated_at) values (?, ?, ?, ?, ?, ?)`,
  );
  for (let id = 1; id <= POSTS; id++) {
    const at = MORNING + id * 61_001;
    const body = `This is post ${id}, "quoted" once and told in about a hundred characters, which is what people write.`;
    insert.run(id, authorOf(id), `Notes on subject ${id % 997}`, body, at, at);
  }
}

/** Posts have from none to eight comments, four on average. */
function fillComments(database: Database): void {
  const insert = database.prepare(
    `insert into "comment" (id, post_id, user_id, body, created_at) values (?, ?, ?, ?, ?)`,
  );
  for (let id = 1, postId = 1; id <= COMMENTS; postId = (postId % POSTS) + 1) {
    for (let i = 0; i < (postId * 7) % 9 && id <= COMMENTS; i++, id++) {
      insert.run(
        id,
        postId,
        userId((id * 31) % USERS),
        `Comment ${id} says something short.`,
        MORNING + id * 30_011,
      );
    }
  }
}
