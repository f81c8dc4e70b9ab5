// The limit: Bun.serve, the driver, and one SQL statement that answers with the whole body. Nobody parses, nothing is
// mapped; bun:sqlite keeps the statement prepared, libsql takes it as text.
import { type Caller, sessionReader } from "../session.ts";
import { openBun, openDrizzle, openLibsql } from "./open.ts";
import { type Driver, mount, type NewPost, type Rival } from "./rival.ts";

/** Runs a statement and answers its one value. */
type Ask = (...values: (string | number)[]) => Promise<string> | string;

const iso = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;
const members = `'id', p.id, 'title', p.title, 'body', p.body, 'createdAt', ${iso("p.created_at")}`;
const newest = `select * from post where user_id = ?1 order by id desc limit 20`;
const author = (id: string): string =>
  `json((select json_object('id', u.id, 'name', u.name) from user u where u.id = ${id}))`;
const comments = `json((select json_group_array(json_object('id', c.id, 'body', c.body, 'createdAt', ${iso("c.created_at")}, 'author', ${author("c.user_id")}))
  from (select * from comment where post_id = p.id order by id limit 10) c))`;
const body = (more: string, rows: string, total = ""): string =>
  `select json_object(${total}'count', count(*), 'posts', json_group_array(json_object(${members}${more}))) from (${rows}) p`;

const LIST = body("", newest);
const WITH_AUTHORS = body(`, 'author', ${author("p.user_id")}`, newest);
const WITH_COMMENTS = body(`, 'comments', ${comments}`, newest);
const ONE = `select json_object('posts', json((select json_object(${members}) from post p where p.id = ?1 and p.user_id = ?2)))`;
const INSERT = `insert into post (user_id, title, body, created_at, updated_at) values (?1, ?2, ?3, ?4, ?4)
  returning json_object('rowsAffected', 1, 'count', 1, 'posts', json_array(json_object('id', id, 'title', title, 'body', body, 'createdAt', ${iso("created_at")})))`;
const PAGE = body(
  "",
  "select * from post order by id desc limit 20 offset 40",
  "'total', (select count(*) from post), ",
);

export const sql: Rival = ({ driver, file, session }) => {
  const prepare = preparer(driver, file);
  const list = prepare(LIST);
  const withAuthors = prepare(WITH_AUTHORS);
  const withComments = prepare(WITH_COMMENTS);
  const one = prepare(ONE);
  const insert = prepare(INSERT);
  const page = prepare(PAGE);
  return mount(sessionReader(session, openDrizzle(driver, file)), {
    list: async ({ id }: Caller) => json(await list(id)),
    withAuthors: async ({ id }: Caller) => json(await withAuthors(id)),
    withComments: async ({ id }: Caller) => json(await withComments(id)),
    one: async ({ id }: Caller, postId: number) => json(await one(postId, id)),
    insert: async ({ id }: Caller, { title, body }: NewPost) =>
      json(await insert(id, title, body, Date.now())),
    page: async () => json(await page()),
  });
};

function preparer(driver: Driver, file: string): (text: string) => Ask {
  if (driver === "libsql") {
    const client = openLibsql(file);
    return (text) =>
      async (...values) => {
        const { rows } = await client.execute({ sql: text, args: values });
        return rows[0]![0] as string;
      };
  }
  const database = openBun(file);
  return (text) => {
    const statement = database.prepare(text);
    return (...values) => statement.values(...values)[0]![0] as string;
  };
}

const init = { headers: { "content-type": "application/json;charset=utf-8" } };
const json = (text: string): Response => new Response(text, init);
