// What is asked. A call has two paths: the query route's, and the one an endpoint written by hand has.
import { ADMIN, authorOf, POSTS, userId, USERS } from "./data.ts";

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
}

const POST = "columns:(id:T,title:T,body:T,createdAt:T)";
const PERSON = "columns:(id:T,name:T)";
const PAGE = "orderBy:(id:desc),limit:20";

/** Anybody but the admin. */
const someone = (n: number): string => userId(1 + ((n * 7919) % (USERS - 1)));
/** Any post the admin did not write. */
const somePost = (n: number): number => {
  const id = 1 + ((n * 7919) % POSTS);
  return authorOf(id) === ADMIN ? id + 1 : id;
};
const select = (selector: string): string => `select=(${selector})`;

function reads(name: string, title: string, byHand: string, question: string): Workload {
  const ours = `/query/posts?mine&${question}`;
  return { name, title, call: (n) => ({ method: "GET", ours, byHand, user: someone(n) }) };
}

export const WORKLOADS: readonly Workload[] = [
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
      const id = somePost(n);
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
