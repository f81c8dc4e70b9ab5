import { afterEach } from "bun:test";
import type { LiveControl } from "@bepalo/query";
import { live, type LiveOptions } from "@bepalo/query/live";
import { type App, type AppOptions, serve, type Sending, type TestACL } from "./app.ts";
import { Watching } from "./live.ts";

/** A server whose answers may be live, and what opens streams of it. */
export interface LiveApp extends App {
  readonly route: App["route"] & LiveControl;
  watch(path: string, sending?: Sending & { readonly reads?: boolean }): Promise<Watching>;
  ask(questions: unknown, sending?: Sending): Promise<Watching>;
}

const open: (() => Promise<void>)[] = [];

/** Closes something behind the test that runs. */
export const closing = (close: () => Promise<void>): void => void open.push(close);

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

export async function start(
  acl: TestACL | object,
  { live: settings = {}, ...options }: Omit<AppOptions, "live"> & { readonly live?: LiveOptions } = {},
): Promise<LiveApp> {
  const app = (await serve(acl as TestACL, { live: live(settings), ...options })) as LiveApp;
  closing(() => app.close());
  closing(() => app.route.close());
  const watch: LiveApp["watch"] = async (path, { as, role, headers, reads = true, ...init } = {}) => {
    const who = {
      ...(as !== undefined && { "x-me": String(as), "x-role": role ?? "writer" }),
      ...(as === undefined && role && { "x-role": role }),
      ...headers,
    };
    const watching = await Watching.open((to, sent) => fetch(app.url + to, { ...init, ...sent }), path, {
      headers: who,
      reads,
      ...(init.body !== undefined && { body: JSON.parse(init.body as string) as unknown }),
    });
    closing(() => watching.close());
    return watching;
  };
  return {
    ...app,
    watch,
    ask: (questions, sending) => watch("$live", { ...sending, body: JSON.stringify(questions) }),
  };
}

export const ALL = { select: true, live: true } as const;
export const WRITE = { select: true, write: true, check: true } as const;
export const ARTICLES = {
  articles: {
    table: "article",
    control: {
      GET: { all: { ...ALL, with: { comments: true, author: true } } },
      POST: { all: { ...WRITE, nest: { comments: "comments" } } },
      PATCH: { all: WRITE },
      DELETE: { all: WRITE },
    },
  },
  comments: {
    table: "comment",
    control: { GET: { all: ALL }, POST: { all: WRITE }, PATCH: { all: WRITE }, DELETE: { all: WRITE } },
  },
  authors: { table: "author", control: { GET: { all: ALL }, DELETE: { all: WRITE }, PATCH: { all: WRITE } } },
  tags: { table: "tag", control: { GET: { all: { select: true } }, POST: { all: WRITE } } },
} as const;

export const TITLES = "articles?select=(columns:(id:T,title:T),orderBy:(title:asc))";
export const NEW = { id: "a9", authorId: 1, title: "Aardvark" };

/** Waits until what would have been said has been: nothing is asked again after so long. */
export const quiet = (milliseconds = 200): Promise<void> => Bun.sleep(milliseconds);

/** Tells of the reads that a dialect runs, which wait for what that comes to. */
export function counting<T extends object>(dialect: T, read: () => unknown): T {
  return new Proxy(dialect, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "read") return (value as () => unknown).bind(target);
      return (...args: unknown[]) => {
        const waits = read();
        const run = (): unknown => (value as (...all: unknown[]) => unknown).apply(target, args);
        return waits instanceof Promise ? waits.then(run) : run();
      };
    },
  });
}
