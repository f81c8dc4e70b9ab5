/* A server whose reads go to the slow lane first, and whose answers say where they were read. */
import { serve } from "@hono/node-server";
import { createQueryHandler, type Dialect } from "@bepalo/query";
import { openDatabase } from "./database.ts";
import * as postgresql from "./postgresql.ts";
import * as sqlite from "./sqlite.ts";

const { database, schema } = await openDatabase({ sqlite, postgresql });
const free = { all: { select: true, write: true } } as const;
let answered: string[] = [];
let inner: Dialect | undefined;
let reads = false;
const bounds = (): Parameters<NonNullable<Dialect["lane"]>["read"]>[2] => ({
  milliseconds: 5_000,
  signal: new AbortController().signal,
});

const handler = createQueryHandler({
  acl: { posts: { table: "post", control: { GET: free, POST: free } } },
  database,
  schema,
  onWarning: (sentence) => console.error(sentence),
  dialect: (_, found) => {
    const own = (inner = found());
    const query: Dialect["query"] = async (one, text, values) => {
      const rows = reads ? (await own.lane?.read(text, values, bounds()))?.rows : undefined;
      answered.push(rows === undefined ? "front" : "lane");
      return rows ?? own.query(one, text, values);
    };
    return new Proxy(own, {
      get(target, name) {
        if (name === "query") return query;
        if (name === "lane") return undefined; // it is chosen here
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
  },
});

/** Answers a text that was sent by both connections. */
async function compare(text: string): Promise<object> {
  const lane = (await inner?.lane?.read(text, [], bounds()))?.rows;
  const front = await inner?.read((one) => inner!.query(one, text, []));
  const [a, b] = [lane, front].map((rows) => rows && Array.from(rows, (row) => Array.from(row)));
  return { lane: a ?? null, front: b };
}

serve(
  {
    fetch: async (request) => {
      if (request.url.endsWith("/compare")) return Response.json(await compare(await request.text()));
      [answered, reads] = [[], request.method === "GET"];
      const response = await handler(request);
      response.headers.set("x-answered", answered.join());
      return response;
    },
    port: Number(process.env["PORT"]),
  },
  ({ port }) => console.log(`port ${port}`),
);
