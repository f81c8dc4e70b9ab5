import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessionCache } from "@/auth/cache";
import { createAuth } from "@/auth";
import { guard } from "@/auth/middleware";
import { open, type Database } from "@/db/open";
import * as schema from "@/db/schema";
import { startSandbox } from "@/index";

type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

let directory = "";
let database: Database;
let sandbox: Sandbox;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sandbox-"));
  ({ database, sandbox } = await start("sandbox.db"));
});

afterAll(async () => {
  await sandbox?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function start(file: string) {
  const opened = await open(`file:${join(directory, file)}`);
  return { database: opened, sandbox: await startSandbox({ database: opened, port: 0 }) };
}

/** Sends one request to better-auth, with or without a session. */
function post(path: string, body?: unknown, cookie = ""): Promise<Response> {
  return fetch(`${sandbox.url}/api/auth/${path}`, {
    method: "POST",
    headers: {
      Origin: sandbox.url,
      ...(cookie && { Cookie: cookie }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

function cookieOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

async function signIn(email: string, password: string): Promise<string> {
  const response = await post("sign-in/email", { email, password });
  expect(response.status).toBe(200);
  return cookieOf(response);
}

const asUser = () => signIn("user@local.dev", "User@1234");
const asAdmin = () => signIn("admin@local.dev", "Admin@1234");

async function whoIs(cookie: string): Promise<{ id: string; role: string } | undefined> {
  const response = await fetch(`${sandbox.url}/api/auth/get-session`, {
    headers: { Cookie: cookie },
  });
  const found = (await response.json()) as { user: { id: string; role: string } } | null;
  return found?.user;
}

describe("accounts", () => {
  test.each([
    ["user@local.dev", "User@1234", "user-002", "user"],
    ["admin@local.dev", "Admin@1234", "user-001", "admin"],
  ])("%s signs in", async (email, password, id, role) => {
    expect(await whoIs(await signIn(email, password))).toMatchObject({ id, role });
  });

  test("a wrong password signs nobody in", async () => {
    const answer = await post("sign-in/email", { email: "admin@local.dev", password: "User@1234" });
    expect(answer.status).toBe(401);
  });

  test("a role sent with a sign-up is ignored", async () => {
    const climber = {
      name: "C",
      email: "climber@local.dev",
      password: "Climb@1234",
      role: "admin",
    };
    const answer = await post("sign-up/email", climber);
    expect(answer.status).toBe(200);
    expect(await whoIs(cookieOf(answer))).toMatchObject({ role: "user" });
  });

  test("nobody makes himself an admin later", async () => {
    const cookie = await asUser();
    const answer = await post("update-user", { role: "admin" }, cookie);
    expect(answer.status).toBe(400);
    expect(await whoIs(cookie)).toMatchObject({ role: "user" });
  });

  test("a page from elsewhere cannot use the cookie", async () => {
    const answer = await fetch(`${sandbox.url}/api/auth/sign-out`, {
      method: "POST",
      headers: { Origin: "https://elsewhere.example", Cookie: await asUser() },
    });
    expect(answer.status).toBe(403);
  });

  test("in production a secret is demanded", () => {
    const { NODE_ENV, BETTER_AUTH_SECRET } = process.env;
    try {
      Object.assign(process.env, { NODE_ENV: "production", BETTER_AUTH_SECRET: "" });
      expect(() => createAuth(database, sandbox.url)).toThrow("BETTER_AUTH_SECRET");
    } finally {
      Object.assign(process.env, { NODE_ENV, BETTER_AUTH_SECRET: BETTER_AUTH_SECRET ?? "" });
    }
  });
});

describe("the session parser", () => {
  const request = (cookie?: string) =>
    new Request(sandbox.url, cookie === undefined ? {} : { headers: { Cookie: cookie } });

  test("fills the context", async () => {
    const context: Parameters<ReturnType<ReturnType<typeof guard>["authenticate"]>>[1] = {};
    const answer = await guard(sandbox.auth).authenticate()(request(await asAdmin()), context);
    expect(answer).toBeUndefined();
    expect(context.user?.role).toBe("admin");
    expect(context.session?.userId).toBe("user-001");
  });

  test.each([undefined, "", "better-auth.session_token=forged"])(
    "answers 401 without a session, and nothing where one is optional: %p",
    async (cookie) => {
      const { authenticate } = guard(sandbox.auth);
      const context = {};
      expect((await authenticate()(request(cookie), context))?.status).toBe(401);
      expect(await authenticate({ optional: true })(request(cookie), context)).toBeUndefined();
      expect(context).toEqual({});
    },
  );

  test("knows at once that somebody signed out", async () => {
    const { authenticate, handler } = guard(sandbox.auth);
    const cookie = await asUser();
    expect(await authenticate()(request(cookie), {})).toBeUndefined();
    const signOut = new Request(`${sandbox.url}/api/auth/sign-out`, {
      method: "POST",
      headers: { Origin: sandbox.url, Cookie: cookie },
    });
    expect((await handler(signOut)).status).toBe(200);
    expect((await authenticate()(request(cookie), {}))?.status).toBe(401);
  });
});

describe("the session cache", () => {
  const lasting = (ms: number) => ({ session: { expiresAt: new Date(Date.now() + ms) } });
  const never = () => Promise.reject(new Error("looked up again"));

  test("asks once, until it is cleared", async () => {
    const cache = createSessionCache();
    const value = lasting(60_000);
    await cache.get("a", async () => value);
    expect(await cache.get("a", never)).toBe(value);
    cache.clear();
    expect(await cache.get("a", async () => null)).toBeNull();
  });

  test("keeps no session beyond its end", async () => {
    const cache = createSessionCache();
    await cache.get("a", async () => lasting(-1));
    expect(await cache.get("a", async () => null)).toBeNull();
  });

  test("never grows beyond its bound, nor by cookies that are worth nothing", async () => {
    const cache = createSessionCache({ max: 3 });
    for (let i = 0; i < 10; i += 1) {
      await cache.get(`good-${i}`, async () => lasting(60_000));
      await cache.get(`bad-${i}`, async () => null);
    }
    expect(cache.size).toBe(3);
    await cache.get("good-9", never);
  });

  test("does not keep what was looked up while it was cleared", async () => {
    const cache = createSessionCache();
    const looking = Promise.withResolvers<ReturnType<typeof lasting>>();
    const answer = cache.get("a", () => looking.promise);
    cache.clear();
    looking.resolve(lasting(60_000));
    await answer;
    expect(cache.size).toBe(0);
  });
});

describe("the data", () => {
  test("is the same in every fresh sandbox", async () => {
    const other = await start("other.db");
    try {
      const rows = async ({ query }: Database) => ({
        posts: await query.post.findMany({
          orderBy: schema.post.id,
          with: { comments: true, postTags: true },
        }),
        baskets: await query.basket.findMany({ orderBy: schema.basket.id, with: { fruit: true } }),
      });
      const fresh = await rows(other.database);
      expect(await rows(database)).toEqual(fresh);
      expect(fresh.posts).toHaveLength(60);
      expect(fresh.posts.filter(({ userId }) => userId === "user-002")).toHaveLength(30);
      expect(fresh.posts.filter(({ publishedAt }) => publishedAt === null)).toHaveLength(8);
      expect(fresh.posts.flatMap(({ comments }) => comments)).toHaveLength(86);
      expect(fresh.posts.flatMap(({ postTags }) => postTags)).toHaveLength(90);
      expect(fresh.baskets.map(({ fruit }) => fruit.length)).toEqual([4, 5, 4, 4, 3, 0]);
    } finally {
      await other.sandbox.stop();
    }
  });

  test("survives a restart, and is not seeded twice", async () => {
    const first = await start("restart.db");
    expect(first.sandbox.seeded).toBe(true);
    await first.database.delete(schema.post);
    await first.sandbox.stop();

    const second = await start("restart.db");
    try {
      expect(second.sandbox.seeded).toBe(false);
      expect(await second.database.$count(schema.user)).toBe(6);
      expect(await second.database.$count(schema.post)).toBe(0);
    } finally {
      await second.sandbox.stop();
    }
  });

  test("lives in tables whose committed migrations are up to date", async () => {
    const { generateSQLiteDrizzleJson, generateSQLiteMigration } = await import("drizzle-kit/api");
    const folder = new URL("../sandbox/drizzle/meta/", import.meta.url);
    const journal = JSON.parse(await readFile(new URL("_journal.json", folder), "utf8"));
    const last = String(journal.entries.at(-1).idx).padStart(4, "0");
    const committed = JSON.parse(await readFile(new URL(`${last}_snapshot.json`, folder), "utf8"));
    const current = await generateSQLiteDrizzleJson({
      ...schema.tables,
      basketTaste: schema.basketTaste,
    });
    expect(await generateSQLiteMigration(committed, current)).toEqual([]);
  });
});

describe("the server", () => {
  test("answers paths that lead nowhere with 404, in the words of the engine", async () => {
    const answer = await fetch(`${sandbox.url}/nowhere`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "unknown-resource" });
  });

  test("answers methods that nothing has with 405", async () => {
    const answer = await fetch(`${sandbox.url}/query/fruits`, { method: "PUT" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toContain("GET");
    expect(await answer.json()).toMatchObject({ code: "method-not-allowed" });
  });
});

describe("the resources", () => {
  type Answer = { status: number; body: Record<string, unknown> };

  async function ask(path: string, cookie = "", init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${sandbox.url}/query/${path}`, {
      ...init,
      headers: {
        ...(cookie && { Cookie: cookie }),
        ...(init.body && { "Content-Type": "application/json" }),
      },
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  }
  const send = (method: string, body: unknown) => ({ method, body: JSON.stringify(body) });

  test("baskets are open to guests, with their fruits", async () => {
    const select = "(columns:~T(name)~,where:(name:Orchard),with:(fruit:(columns:~T(name)~)))";
    const answer = await ask(`baskets?select=${select}`);
    expect(answer).toEqual({
      status: 200,
      body: {
        count: 1,
        baskets: [
          {
            name: "Orchard",
            fruit: [{ name: "Pear" }, { name: "Quince" }, { name: "Medlar" }, { name: "Fig" }],
          },
        ],
      },
    });
  });

  test("fruits taste in numbers", async () => {
    const select = "(columns:~T(name,sweetness)~,orderBy:(sweetness:desc),limit:3)";
    const { body } = await ask(`fruits?select=${select}`);
    expect(body).toEqual({
      total: 20,
      count: 3,
      fruits: [
        { name: "Fig", sweetness: 8.5 },
        { name: "Mangosteen", sweetness: 8.5 },
        { name: "Pineapple", sweetness: 8 },
      ],
    });
  });

  test("everybody sees his own posts, an admin too, a guest none", async () => {
    const totals = "posts?select=(columns:F)";
    expect((await ask(totals)).status).toBe(401);
    expect((await ask(totals, await asUser())).body).toMatchObject({ total: 30, count: 10 });
    expect((await ask(totals, await asAdmin())).body).toMatchObject({ total: 6, count: 6 });
  });

  test("what is published is open to guests, without what was flagged", async () => {
    const answer = await ask(
      "feed?countTotal&select=(columns:~T(title)~,where:(title.endsWith:maps),orderBy:(publishedAt:asc),limit:1,with:(user:T,comments:(columns:~T(body)~)))",
    );
    expect(answer).toEqual({
      status: 200,
      body: {
        total: 52,
        count: 1,
        feed: [
          {
            title: "Notes on maps",
            user: { id: "user-002", name: "Mr. User" },
            comments: [{ body: "Is that really true?" }, { body: "I never thought of maps like that." }],
          },
        ],
      },
    });
    expect((await ask("feed?select=(where:(createdAt.gt:0))")).body).toMatchObject({
      code: "unknown-column",
    });
    expect((await ask("comments?countTotal&select=(columns:F,limit:0)")).body).toMatchObject({ total: 76 });
  });

  test("comments are written under what is published, in one's own name", async () => {
    const cookie = await asUser();
    const comment = (postId: string) => ask("comments", cookie, send("POST", { postId, body: "Well said." }));
    expect(await comment("post-007")).toMatchObject({ status: 403, body: { code: "check-failed" } });
    const written = await comment("post-002");
    expect(written).toMatchObject({
      status: 200,
      body: { comments: [{ userId: "user-002", postId: "post-002" }] },
    });
    const [{ id }] = written.body["comments"] as [{ id: string }];
    const itself = `comments?mine&select=(where:(id:'${id}'),columns:F)`;
    expect((await ask(itself, await asAdmin(), { method: "DELETE" })).body).toMatchObject({
      rowsAffected: 0,
    });
    expect((await ask(itself, cookie, { method: "DELETE" })).body).toMatchObject({ rowsAffected: 1 });
  });

  test("users are for admins, and hold no passwords", async () => {
    const select = "(where:(id:'user-002'))";
    expect((await ask("users")).status).toBe(401);
    expect((await ask("users", await asUser())).status).toBe(403);
    const { body } = await ask(`users?select=${select}`, await asAdmin());
    expect(body["users"]).toEqual([
      {
        id: "user-002",
        name: "Mr. User",
        email: "user@local.dev",
        emailVerified: true,
        image: null,
        role: "user",
        createdAt: "2025-01-02T22:00:00.000Z",
        updatedAt: "2025-01-02T22:00:00.000Z",
      },
    ]);
  });

  test("user is oneself, without accounts", async () => {
    const cookie = await asUser();
    expect((await ask("user", cookie)).body["user"]).toMatchObject({ id: "user-002" });
    const refused = await ask("user?select=(with:(account:T))", cookie);
    expect(refused.status).toBe(400);
  });

  test("a post is written under one's own name, and no other", async () => {
    const cookie = await asUser();
    const [title, body] = ["Notes on tests", "They end where they began."];
    const forged = { title, body, userId: "user-001" };
    const refused = await ask("posts", cookie, send("POST", forged));
    expect(refused.status).toBe(400);

    const written = await ask("posts", cookie, send("POST", { title, body }));
    expect(written).toMatchObject({
      status: 200,
      body: { total: 31, count: 1, posts: [{ title, body, userId: "user-002" }] },
    });
    const [{ id }] = written.body["posts"] as [{ id: string }];
    const itself = `posts?mine&select=(where:(id:'${id}'),columns:~T(body)~)`;

    const stolen = await ask(itself, cookie, send("PATCH", { userId: "user-001" }));
    expect(stolen.status).toBe(400);
    const notMine = await ask(itself, await asAdmin(), { method: "DELETE" });
    expect(notMine).toMatchObject({ status: 200, body: { rowsAffected: 0, count: 0, posts: [] } });
    const changed = await ask(itself, cookie, send("PATCH", { body: "Bye." }));
    expect(changed).toMatchObject({ status: 200, body: { count: 1, posts: [{ body: "Bye." }] } });
    const inFeed = async () => (await ask(`feed?select=(columns:~T(body)~,where:(id:'${id}'))`)).body["feed"];
    expect(await inFeed()).toEqual([]);
    const published = await ask(itself, cookie, send("PATCH", { publishedAt: new Date() }));
    expect(published).toMatchObject({ status: 200, body: { count: 1 } });
    expect(await inFeed()).toEqual([{ body: "Bye." }]);
    const gone = await ask(itself, cookie, { method: "DELETE" });
    expect(gone).toMatchObject({ status: 200, body: { total: 30, count: 1 } });
  });

  test("a session ends for queries the moment it ends", async () => {
    const cookie = await asUser();
    expect((await ask("posts?mine", cookie)).status).toBe(200);
    expect((await post("sign-out", undefined, cookie)).status).toBe(200);
    expect((await ask("posts?mine", cookie)).status).toBe(401);
  });

  test("OPTIONS tells what the caller may do", async () => {
    const allowed = async (path: string, cookie = "") => {
      const headers = { Cookie: cookie };
      const answer = await fetch(`${sandbox.url}/query/${path}`, { method: "OPTIONS", headers });
      return answer.headers.get("Allow")?.split(/,\s*/).toSorted().join(" ");
    };
    expect(await allowed("posts")).toBe("OPTIONS");
    expect(await allowed("posts", await asUser())).toBe("DELETE GET HEAD OPTIONS PATCH POST");
    expect(await allowed("fruits?guest")).toBe("DELETE GET HEAD OPTIONS POST");
  });
});

test("the explorer, and what it shows of the rules, is there for everybody, and for nobody in production", async () => {
  const pages = ["$explorer", "$matrix", "$explain?request=fruits"];
  const statuses = () =>
    Promise.all(pages.map(async (page) => (await fetch(`${sandbox.url}/query/${page}`)).status));
  expect(await statuses()).toEqual([200, 200, 200]);
  const { NODE_ENV } = process.env;
  try {
    process.env["NODE_ENV"] = "production";
    expect(await statuses()).toEqual([403, 403, 403]);
  } finally {
    Object.assign(process.env, { NODE_ENV });
  }
});
