// What hostile callers ask: the worst that a URL of 16 KiB allows, and what is less bad should limits refuse that.
import { POSTS, userId } from "../data.ts";
import { type Driver, isPostgresql } from "../rival/rival.ts";

/** What is asked, and how. */
export interface Question {
  readonly title: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** What is asked in turn, where it is not the same again and again. */
  readonly paths?: readonly string[];
  readonly body?: string;
  /** Whether it goes through the load generator: small, and answered on a connection that stays. */
  readonly small: boolean;
  /** After how many milliseconds the caller leaves without waiting for the answer. */
  readonly leaves?: number;
}

const escaped = (path: string): string =>
  `/query/${path.replaceAll("%", "%25").replaceAll(" ", "%20").replaceAll('"', "%22").replaceAll("#", "%23")}`;
const ask = (title: string, path: string): Question => ({
  title,
  method: "GET",
  path: escaped(path),
  small: true,
});
const tell = (title: string, path: string, body: string): Question => ({
  title,
  method: "POST",
  path: `/query/${path}`,
  body,
  small: false,
});

const many = (count: number, item: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => item(n)).join(",");
/** Letters a post has in this order again and again, and at the end one it never has. */
const WILD = `${Array.from("oneutaeioutsrnl", (letter) => `%${letter}`).join("")}%#`;
/** Characters a long post holds, so that every place in it looks like the beginning of a match. */
const LONG = 64 * 1024;

/** Whose posts are as many as all others' together, so that an index finds very many of them. */
const HUB = userId(1);
/** Posts of so many characters, as many as a page holds. */
const WIDE = 50_000;
const WIDES = 100;

/** More than the requests that may be under way at once. */
export const TRICKLES = 1_200;

/** Patterns that nearly match every post, from more of them to fewer. */
const patterns = (operator: string, ...sizes: readonly (readonly [count: number, wildcards: number])[]) =>
  sizes.map(([count, wildcards]) =>
    ask(
      `${count} ${operator} of ${wildcards} wildcards`,
      `posts?select=(where:_(${many(count, () => `(body.${operator}:"${WILD.slice(-2 * wildcards)}")`)})_)`,
    ),
  );
/** Texts that begin like every post, at every place of which they are looked for. */
const texts = (...sizes: readonly (readonly [count: number, length: number])[]) =>
  sizes.map(([count, length]) =>
    ask(
      `${count} texts of ${length} looked for`,
      `posts?select=(where:_(${many(count, () => `(body.icontains:"${"characters, which is what ".repeat(3).slice(0, length - 1)}#")`)})_)`,
    ),
  );
/** The same in one post of a single letter. */
const inLong = (...sizes: readonly (readonly [count: number, length: number])[]) =>
  sizes.map(([count, length]) =>
    ask(
      `${count} texts of ${length} in one post of 64 KB`,
      `posts?select=(where:(id:${POSTS + 1},OR:_(${many(count, () => `(body.icontains:"${"a".repeat(length - 1)}b")`)})_),limit:1)`,
    ),
  );

/** The posts of who wrote posts, each looked through for texts. */
const hubs = (...sizes: readonly (readonly [limit: number, count: number])[]) =>
  sizes.map(([limit, count]) =>
    ask(
      `${count} texts in ${POSTS.toLocaleString("en")} posts of the authors of ${limit} posts`,
      `posts?select=(where:(userId:"${HUB}"),limit:${limit},with:(author:(with:(posts:(where:_(${many(count, (n) => `(body.icontains:"no post says ${n}")`)})_,limit:1)))))`,
    ),
  );
/** Posts whose author wrote one with a text, which none has: of who wrote very many, each is looked through for each. */
const around = (...counts: readonly number[]) =>
  counts.map((count) =>
    ask(
      `posts by authors of posts with a text, of ${count} texts`,
      `posts?select=(where:_(${many(count, (n) => `(author.posts.some:(body.contains:"no post says ${n}"))`)})_,limit:1)`,
    ),
  );
/** Users with a comment under a post that says what no comment says, so that every comment is looked through. */
const nested = (...counts: readonly number[]) =>
  counts.map((count) =>
    ask(
      `users of whose posts a comment has a text, of ${count} texts`,
      `users?select=(where:_(${many(count, (n) => `(posts.some:(comments.some:(body.contains:"no comment says ${n}")))`)})_)`,
    ),
  );
/** The same of what users commented themselves, by which no index finds comments. */
const unindexed = (...sizes: readonly (readonly [limit: number, count: number])[]) =>
  sizes.map(([limit, count]) =>
    ask(
      `${limit} users in the order of their comments, of ${count} kinds, without an index`,
      `users?select=(orderBy:(comments.count:desc),limit:${limit},count:(${many(count, (n) => `c${n}:(relation:comments,where:(body.contains:"${n}"))`)}))`,
    ),
  );
/** All posts in groups as small as they can be. */
const groups = (...columns: readonly (readonly string[])[]) =>
  columns.map((by) =>
    ask(
      `all posts by ${by.join(", ")}, sorted by what they add up to`,
      `posts?aggregate=(count:T,countDistinct:(userId:T,title:T),max:(body:T),groupBy:_(${by.join(",")})_,having:(count.gt:1),orderBy:(max.body:desc,count:desc),limit:100)`,
    ),
  );
const COLUMNS = ["id", "userId", "title", "body", "createdAt", "updatedAt"] as const;
/** The columns that the bits of a number choose. */
const chosen = (n: number): string => COLUMNS.filter((_, bit) => ((n >> bit) & 1) === 1).join(":T,");
/** A question of some length that has no shape in common with those of other numbers. */
const shaped = (n: number): string => {
  const conditions = many(90, (i) => {
    const column = ["userId", "title", "body"][(n >> (i % 7)) % 3]!;
    return `(${column}.${(i + n) % 2 === 0 ? "ne" : "gt"}:"the text of number ${n * 100 + i}")`;
  });
  return `posts?select=(columns:(${chosen(1 + (n % 63))}:T),where:_(${conditions})_,limit:1)`;
};

/** The kinds of traffic whose figures are published. */
export const PUBLISHED = [
  "contains",
  "hub",
  "deep",
  "sort",
  "total",
  "shapes",
  "large",
  "leave",
  "rows",
  "slow",
  "around",
  "nested",
  "counts",
  "groups",
] as const;

/** Kinds of hostile traffic, each with the worst question first. */
export const QUESTIONS: ReadonlyMap<string, Question | readonly Question[]> = new Map<
  string,
  Question | readonly Question[]
>([
  ["syntax", ask("a select that is no RJSON, 15 KB", `posts?select=${"(a:".repeat(5_000)}`)],
  [
    "nesting",
    ask("a filter nested 60 deep", `posts?select=(where:${"(NOT:".repeat(58)}(id:1)${")".repeat(59)}`),
  ],
  ["parameter", ask("an unknown parameter of 15 KB", `posts?${"a".repeat(15_000)}`)],
  ["url", { ...ask("a URL of 60 KB", `posts?${"a".repeat(60_000)}`), small: false }],
  [
    "list",
    ask(
      "1,000 numbers in a list",
      `posts?select=(where:(id.inArray:_(${many(1000, (n) => String(1 + n * 49))})_),limit:100)`,
    ),
  ],
  [
    "notlist",
    ask(
      "not in 1,000 numbers, sorted, far on",
      `posts?select=(where:(id.notInArray:_(${many(1000, (n) => String(1 + n * 49))})_),orderBy:(title:asc),limit:100,offset:10000)`,
    ),
  ],
  ["like", patterns("like", [100, 16], [10, 16], [1, 16])],
  ["ilike", patterns("ilike", [100, 16], [10, 16], [1, 16])],
  ["likes", patterns("like", [100, 1], [50, 1], [16, 1], [5, 1])],
  ["contains", texts([100, 70], [100, 2], [50, 2], [16, 16], [5, 50])],
  ["long", inLong([15, 990], [1, 990], [1, 250], [1, 100])],
  [
    "wide",
    ask(
      "users, comments, posts, authors at the cost limit",
      "users?select=(limit:4,with:(comments:(limit:100,with:(author:T,post:(with:(author:T))))))",
    ),
  ],
  [
    "deep",
    ask(
      "posts, comments, posts, authors at the cost limit",
      "posts?select=(limit:100,with:(author:T,comments:(limit:100,with:(author:T,post:T))))",
    ),
  ],
  [
    "deeper",
    ask(
      "users, posts, comments, authors at the cost limit",
      "users?select=(limit:4,with:(posts:(limit:50,with:(comments:(limit:60,with:(author:T,post:T))))))",
    ),
  ],
  [
    "sort",
    ask("sorted without an index, far on", "posts?select=(orderBy:(body:desc),limit:100,offset:10000)"),
  ],
  [
    "total",
    ask("the total and a page far on", "posts?countTotal&select=(columns:(id:T),limit:100,offset:10000)"),
  ],
  [
    "body",
    tell(
      "1 MiB of JSON that is none of a post",
      "posts",
      `[${many(5_000, (n) => `{"nothing":"${String(n).padEnd(190, "x")}"}`)}]`,
    ),
  ],
  ["hub", hubs([100, 16], [20, 4], [5, 1], [1, 1])],
  [
    "shapes",
    {
      ...ask("400 questions of 5 KB, none like another", shaped(1)),
      paths: Array.from({ length: 400 }, (_, n) => escaped(shaped(n + 1))),
    },
  ],
  [
    "large",
    [
      ask(
        "posts of 50 KB, their author's with each",
        `posts?select=(where:(title:wide),limit:100,with:(author:(with:(posts:(where:(title:wide),limit:100)))))`,
      ),
      ask("100 posts of 50 KB", "posts?select=(where:(title:wide),limit:100)"),
    ],
  ],
  [
    "leave",
    texts([16, 16], [5, 50]).map((question) => ({
      ...question,
      title: `${question.title}, not waited for`,
      small: false,
      leaves: 20,
    })),
  ],
  ["around", around(16, 4, 2, 1)],
  ["nested", nested(16, 4, 2, 1)],
  ["counts", unindexed([100, 8], [100, 1], [20, 1], [5, 1], [1, 1])],
  ["groups", groups(["body", "title", "createdAt.day"], ["body"], ["title"])],
  ["brackets", tell("1 MiB of brackets", "posts", "[".repeat(1_048_000))],
  ["slow", { ...ask(`${TRICKLES.toLocaleString("en")} bodies that trickle in`, "posts"), small: false }],
  [
    "rows",
    tell(
      "1,000 new posts of 1 KB",
      "posts",
      `[${many(1_000, (n) => `{"userId":"${userId(1)}","title":"Hostile ${n}","body":"${"y".repeat(930)}"}`)}]`,
    ),
  ],
]);

export const questionOf = (kind: string, choice: number): Question => [QUESTIONS.get(kind)!].flat()[choice]!;

/** What the hostile ones find beside everybody's data. */
export function prepare(driver: Driver): readonly string[] {
  const at = isPostgresql(driver) ? "now()" : "0";
  const into = "insert into post (user_id, title, body, created_at, updated_at)";
  const numbers = isPostgresql(driver)
    ? `generate_series(1, ${WIDES}) as n`
    : `(with recursive n(n) as (select 1 union all select n + 1 from n where n < ${WIDES}) select n from n) as n`;
  return [
    `${into} values ('${HUB}', 'long', '${"a".repeat(LONG)}', ${at}, ${at})`,
    `${into} select '${HUB}', title, body, ${at}, ${at} from post where id <= ${POSTS}`,
    `${into} select '${HUB}', 'wide', '${"w".repeat(WIDE)}', ${at}, ${at} from ${numbers}`,
  ];
}
