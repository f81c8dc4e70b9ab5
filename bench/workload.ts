// What is asked. A call has two paths: the query route's, and the one an endpoint written by hand has.
import { ADMIN, authorOf, type Sizes, userId, USERS, WHOLE } from "./data.ts";

/** One request, whoever answers it. */
export interface Call {
  readonly method: "GET" | "POST";
  readonly ours: string;
  readonly byHand: string;
  /** Who asks. */
  readonly user: string;
  readonly body?: string;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** The n-th call; callers, and where it says so ids, differ from call to call. */
  call(n: number): Call;
  /** What must be known before the first call; `ask` is the query route's own answer. */
  prepare?(ask: (path: string, user: string) => Promise<unknown>): Promise<void>;
}

const POST = "columns:(id:T,title:T,body:T,createdAt:T)";
const PERSON = "columns:(id:T,name:T)";
const PAGE = "orderBy:(id:desc),limit:20";

/** Anybody but the admin. */
const someone = (n: number): string => userId(1 + ((n * 7919) % (USERS - 1)));
/** Any of so many posts that the admin did not write. */
function somePost(n: number, posts: number): number {
  const id = 1 + ((n * 7919) % posts);
  return authorOf(id) === ADMIN ? id + 1 : id;
}
const select = (selector: string): string => `select=(${selector})`;

function reads(name: string, title: string, byHand: string, question: string): Workload {
  const ours = `/query/posts?mine&${question}`;
  return { name, title, call: (n) => ({ method: "GET", ours, byHand, user: someone(n) }) };
}

/** No post has a number from here on. */
const UNUSED = 10_000_000;

/** Pages deep inside, this one and those after it. */
const DEEP = 2_000;
const DEEP_PAGES = 50;

/** Pages by cursor: the first, or those from a number on, whose cursors are asked for by the rows they follow. */
function pages(name: string, title: string, from: number, posts: number): Workload {
  const page = `/query/posts?cursor&select=(${POST},orderBy:(id:desc),limit:20`;
  const lastBefore = (n: number): number => posts - 20 * (from - 1 + n) + 1;
  const cursors: string[] = [];
  const deepest = from === 1 ? 0 : DEEP_PAGES;
  return {
    name,
    title,
    async prepare(ask) {
      for (let n = 0; n < deepest; n++) {
        const answer = await ask(`${page},where:(id.lt:${lastBefore(n) + 20}))`, ADMIN);
        cursors[n] = (answer as { page: { next: string } }).page.next;
      }
    },
    call(n) {
      const deep = n % DEEP_PAGES;
      return {
        method: "GET",
        ours: from === 1 ? `${page})` : `${page},after:'${cursors[deep]}')`,
        byHand: from === 1 ? "/admin/pages" : `/admin/pages?after=${lastBefore(deep)}`,
        user: ADMIN,
      };
    },
  };
}

/** The questions over so many rows. */
export const workloadsOver = ({ posts }: Sizes): readonly Workload[] => [
  reads("W1", "20 posts of one user, 4 columns", "/posts", select(`${POST},${PAGE}`)),
  reads(
    "W2",
    "W1, each with its author",
    "/posts/authors",
    select(`${POST},${PAGE},with:(author:(${PERSON}))`),
  ),
  reads(
    "W3",
    "W1, each with up to 10 comments, each with its author",
    "/posts/comments",
    select(
      `${POST},${PAGE},with:(comments:(columns:(id:T,body:T,createdAt:T),orderBy:(id:asc),limit:10,with:(author:(${PERSON}))))`,
    ),
  ),
  {
    name: "W4",
    title: "one row by id",
    call(n) {
      const id = somePost(n, posts);
      return {
        method: "GET",
        ours: `/query/posts?mine&findFirst&${select(`${POST},where:(id:${id})`)}`,
        byHand: `/posts/${id}`,
        user: authorOf(id),
      };
    },
  },
  {
    name: "W6",
    title: "a page with countTotal over 50,000 rows",
    call: () => ({
      method: "GET",
      ours: `/query/posts?countTotal&${select(`${POST},${PAGE},offset:40`)}`,
      byHand: "/admin/posts",
      user: ADMIN,
    }),
  },
  {
    name: "W7",
    title: "the newest 20 of 50,000 posts that somebody commented, over 200,000 comments",
    call(n) {
      const by = someone(n);
      return {
        method: "GET",
        ours: `/query/posts?${select(`${POST},where:(comments.some:(userId:'${by}')),${PAGE}`)}`,
        byHand: `/admin/commented?by=${by}`,
        user: ADMIN,
      };
    },
  },
  reads(
    "W8",
    "W1, each with the number of its comments",
    "/posts/counts",
    select(`${POST},${PAGE},count:(comments:T)`),
  ),
  {
    name: "W9",
    title: "50,000 rows in groups, those of more than 50",
    call: () => ({
      method: "GET",
      ours: "/query/posts?aggregate=(count:T,max:(id:T),groupBy:_(title)_,having:(count.gt:50),orderBy:(max.id:desc),limit:20)",
      byHand: "/admin/titles?over=50",
      user: ADMIN,
    }),
  },
  pages("W10/1", "a page by cursor, the first", 1, posts),
  pages("W10/2000", "a page by cursor, the 2,000th", DEEP, posts),
  {
    name: "W12",
    title: "an upsert of 100 rows, half of them there",
    call(n) {
      const first = (n * 50) % (posts - 50);
      const ids = Array.from({ length: 50 }, (_, index) => [
        first + index + 1,
        UNUSED + n * 50 + index,
      ]).flat();
      return {
        method: "POST",
        ours: `/query/posts?onConflict=(target:~T(id)~)&${select(POST)}`,
        byHand: "/admin/import",
        user: ADMIN,
        body: JSON.stringify(ids.map((id) => ({ id, title: `Post ${n}`, body: "Brought from elsewhere." }))),
      };
    },
  },
  {
    name: "W11",
    title: "a batch of 20 inserts",
    call(n) {
      const select = { columns: { id: true, title: true, body: true, createdAt: true } };
      const insert = { method: "POST", resource: "posts", scope: "mine", select };
      const operations = Array.from({ length: 20 }, (_, index) => ({
        ...insert,
        body: { title: `Post ${n}, ${index}`, body: "Written together with others." },
      }));
      return {
        method: "POST",
        ours: "/query/$batch",
        byHand: "/posts/batch",
        user: someone(n),
        body: JSON.stringify(operations),
      };
    },
  },
  // The last, because it changes what the others read.
  {
    name: "W5",
    title: "insert one",
    call: (n) => ({
      method: "POST",
      ours: `/query/posts?mine&${select(POST)}`,
      byHand: "/posts",
      user: someone(n),
      body: JSON.stringify({ title: `New post ${n}`, body: "Written while somebody was counting." }),
    }),
  },
];

export const WORKLOADS: readonly Workload[] = workloadsOver(WHOLE);
