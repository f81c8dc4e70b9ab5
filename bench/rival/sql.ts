// The limit: Bun.serve, the driver, and one SQL statement that answers with the whole body. Nobody parses, nothing is
// mapped; libsql alone takes its statements as text, the others keep them prepared.
import { type Caller, sessionReader } from "../session.ts";
import { openDrizzle, openStatements } from "./open.ts";
import { isPostgresql, type KeyedPost, mount, type NewPost, type Rival } from "./rival.ts";

/** The statements of the endpoints. */
interface Texts {
  readonly list: string;
  readonly withAuthors: string;
  readonly withComments: string;
  readonly one: string;
  readonly insert: string;
  readonly upsert: string;
  readonly upserted: string;
  readonly page: string;
  readonly commented: string;
  readonly withCounts: string;
  readonly titles: string;
  readonly first: string;
  readonly beyond: string;
}

/** Twenty posts, beyond a row or the newest, and the keys by which the pages around them are asked for. */
function beyond(object: string, posts: string, after?: string): string {
  const previous = after === undefined ? "null" : `cast(coalesce(max(p.id), ${after}) as text)`;
  return `with found as (select * from post ${after === undefined ? "" : `where id < ${after} `}order by id desc limit 21),
      p as (select * from found order by id desc limit 20)
    select ${object}('count', count(*), 'posts', ${posts}, 'page', ${object}(
      'next', case when (select count(*) from found) > 20 then cast(min(p.id) as text) end, 'previous', ${previous})) as body from p`;
}

function sqlite(): Texts {
  const iso = (column: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch')`;
  const members = `'id', p.id, 'title', p.title, 'body', p.body, 'createdAt', ${iso("p.created_at")}`;
  const newest = `select * from post where user_id = ?1 order by id desc limit 20`;
  const author = (id: string): string =>
    `json((select json_object('id', u.id, 'name', u.name) from user u where u.id = ${id}))`;
  const comments = `json((select json_group_array(json_object('id', c.id, 'body', c.body, 'createdAt', ${iso("c.created_at")}, 'author', ${author("c.user_id")}))
    from (select * from comment where post_id = p.id order by id limit 10) c))`;
  const posts = `json_group_array(json_object(${members}))`;
  const body = (more: string, rows: string, total = ""): string =>
    `select json_object(${total}'count', count(*), 'posts', json_group_array(json_object(${members}${more}))) from (${rows}) p`;
  return {
    list: body("", newest),
    withAuthors: body(`, 'author', ${author("p.user_id")}`, newest),
    withComments: body(`, 'comments', ${comments}`, newest),
    one: `select json_object('posts', json((select json_object(${members}) from post p where p.id = ?1 and p.user_id = ?2)))`,
    insert: `insert into post (user_id, title, body, created_at, updated_at) values (?1, ?2, ?3, ?4, ?4)
      returning json_object('rowsAffected', 1, 'count', 1, 'posts', json_array(json_object('id', id, 'title', title, 'body', body, 'createdAt', ${iso("created_at")})))`,
    upsert: `insert into post (id, user_id, title, body, created_at, updated_at)
      select value ->> 'id', ?2, value ->> 'title', value ->> 'body', ?3, ?3 from json_each(?1) where true
      on conflict (id) do update set title = excluded.title, body = excluded.body returning ''`,
    upserted: `select json_object('rowsAffected', count(*), 'count', count(*), 'posts', ${posts})
      from (select p.* from json_each(?1) e join post p on p.id = e.value ->> 'id' order by e.key) p`,
    page: body(
      "",
      "select * from post order by id desc limit 20 offset 40",
      "'total', (select count(*) from post), ",
    ),
    commented: body(
      "",
      `select * from post p where exists (select 1 from comment c where c.post_id = p.id and c.user_id = ?1) order by id desc limit 20`,
    ),
    withCounts: body(
      `, '_count', json_object('comments', (select count(*) from comment c where c.post_id = p.id))`,
      newest,
    ),
    titles: `select json_object('count', count(*), 'posts', json_group_array(json_object('group', json_object('title', title), 'count', n, 'max', json_object('id', last))))
      from (select title, count(*) as n, max(id) as last from post group by title having count(*) > ?1 order by last desc, title limit 20)`,
    first: beyond("json_object", posts),
    beyond: beyond("json_object", posts, "?1"),
  };
}

function postgresql(): Texts {
  const iso = (column: string): string =>
    `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  const members = `'id', p.id, 'title', p.title, 'body', p.body, 'createdAt', ${iso("p.created_at")}`;
  const newest = `select * from post where user_id = $1 order by id desc limit 20`;
  const author = (id: string): string =>
    `(select json_build_object('id', u.id, 'name', u.name) from "user" u where u.id = ${id})`;
  const comments = `(select coalesce(json_agg(json_build_object('id', c.id, 'body', c.body, 'createdAt', ${iso("c.created_at")}, 'author', ${author("c.user_id")})), '[]')
    from (select * from comment where post_id = p.id order by id limit 10) c)`;
  const posts = `coalesce(json_agg(json_build_object(${members})), '[]')`;
  const body = (more: string, rows: string, total = ""): string =>
    `select json_build_object(${total}'count', count(*), 'posts', coalesce(json_agg(json_build_object(${members}${more})), '[]'))::text from (${rows}) p`;
  return {
    list: body("", newest),
    withAuthors: body(`, 'author', ${author("p.user_id")}`, newest),
    withComments: body(`, 'comments', ${comments}`, newest),
    one: `select json_build_object('posts', (select json_build_object(${members}) from post p where p.id = $1 and p.user_id = $2))::text`,
    insert: `insert into post (user_id, title, body, created_at, updated_at) values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($4::float8 / 1000))
      returning json_build_object('rowsAffected', 1, 'count', 1, 'posts', json_build_array(json_build_object('id', id, 'title', title, 'body', body, 'createdAt', ${iso("created_at")})))::text`,
    upsert: `insert into post (id, user_id, title, body, created_at, updated_at)
      select (value ->> 'id')::integer, $2, value ->> 'title', value ->> 'body', to_timestamp($3::float8 / 1000), to_timestamp($3::float8 / 1000) from json_array_elements($1::text::json)
      on conflict (id) do update set title = excluded.title, body = excluded.body returning ''`,
    upserted: `select json_build_object('rowsAffected', count(*), 'count', count(*), 'posts', ${posts})::text
      from (select p.* from json_array_elements($1::text::json) with ordinality e(value, key) join post p on p.id = (e.value ->> 'id')::integer order by e.key) p`,
    page: body(
      "",
      "select * from post order by id desc limit 20 offset 40",
      "'total', (select count(*) from post), ",
    ),
    commented: body(
      "",
      `select * from post p where exists (select 1 from comment c where c.post_id = p.id and c.user_id = $1) order by id desc limit 20`,
    ),
    withCounts: body(
      `, '_count', json_build_object('comments', (select count(*) from comment c where c.post_id = p.id))`,
      newest,
    ),
    titles: `select json_build_object('count', count(*), 'posts', coalesce(json_agg(json_build_object('group', json_build_object('title', title), 'count', n, 'max', json_build_object('id', last))), '[]'))::text
      from (select title, count(*) as n, max(id) as last from post group by title having count(*) > $1 order by last desc, title limit 20) g`,
    first: `select body::text from (${beyond("json_build_object", posts)}) b`,
    beyond: `select body::text from (${beyond("json_build_object", posts, "$1::integer")}) b`,
  };
}

export const sql: Rival = ({ driver, location, session }) => {
  const { prepare, together } = openStatements(driver, location);
  const texts = isPostgresql(driver) ? postgresql() : sqlite();
  const list = prepare(texts.list);
  const withAuthors = prepare(texts.withAuthors);
  const withComments = prepare(texts.withComments);
  const one = prepare(texts.one);
  const insert = prepare(texts.insert);
  const insertAll = together(texts.insert);
  const upsert = prepare(texts.upsert);
  const upserted = prepare(texts.upserted);
  const page = prepare(texts.page);
  const commented = prepare(texts.commented);
  const withCounts = prepare(texts.withCounts);
  const titles = prepare(texts.titles);
  const first = prepare(texts.first);
  const beyond = prepare(texts.beyond);
  return mount(sessionReader(session, openDrizzle(driver, location)), {
    list: async ({ id }: Caller) => json(await list(id)),
    withAuthors: async ({ id }: Caller) => json(await withAuthors(id)),
    withComments: async ({ id }: Caller) => json(await withComments(id)),
    one: async ({ id }: Caller, postId: number) => json(await one(postId, id)),
    insert: async ({ id }: Caller, { title, body }: NewPost) =>
      json(await insert(id, title, body, Date.now())),
    async batch({ id }: Caller, posts: readonly NewPost[]) {
      const now = Date.now();
      return json(`[${(await insertAll(posts.map(({ title, body }) => [id, title, body, now]))).join()}]`);
    },
    async upsert({ id }: Caller, posts: readonly KeyedPost[]) {
      const sent = JSON.stringify(posts);
      await upsert(sent, id, Date.now());
      return json(await upserted(sent));
    },
    page: async () => json(await page()),
    commented: async (_user: Caller, by: string) => json(await commented(by)),
    withCounts: async ({ id }: Caller) => json(await withCounts(id)),
    titles: async (_user: Caller, over: number) => json(await titles(over)),
    beyond: async (_user: Caller, after: number | undefined) =>
      json(await (after === undefined ? first() : beyond(after))),
  });
};

const init = { headers: { "content-type": "application/json;charset=utf-8" } };
const json = (text: string): Response => new Response(text, init);
