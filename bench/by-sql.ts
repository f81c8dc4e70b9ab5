// The rows of data.ts, made by the database itself, which takes seconds for millions of them.
import { MORNING, type Sizes, USERS } from "./data.ts";

/** How a database says what both have to. */
interface Words {
  /** Rows with a number `i`, from one to another. */
  readonly numbers: (from: number, to: number) => string;
  /** A whole number as a text of four digits. */
  readonly padded: (number: string) => string;
  /** A moment, so many milliseconds after the first. */
  readonly moment: (after: string) => string;
  readonly yes: string;
}

const WORDS: Readonly<Record<"sqlite" | "postgresql", Words>> = {
  sqlite: {
    numbers: (from, to) =>
      `(with recursive numbers(i) as (select ${from} union all select i + 1 from numbers where i < ${to}) select i from numbers)`,
    padded: (number) => `printf('%04d', ${number})`,
    moment: (after) => `${MORNING} + ${after}`,
    yes: "1",
  },
  postgresql: {
    numbers: (from, to) => `(select i from generate_series(${from}::bigint, ${to}) i)`,
    padded: (number) => `lpad((${number})::text, 4, '0')`,
    moment: (after) => `to_timestamp((${MORNING} + ${after}) / 1000.0)`,
    yes: "true",
  },
};

/** Of nine posts in a row, whose comment each of their 36 is. */
const PLACES = Array.from({ length: 9 }, (_, index) => String(index + 1).repeat(((index + 1) * 7) % 9)).join(
  "",
);

/** The statements that fill the tables of users, posts and comments. */
export function statementsOf(speaks: "sqlite" | "postgresql", { posts, comments }: Sizes): readonly string[] {
  const { numbers, padded, moment, yes } = WORDS[speaks];
  const user = (number: string): string => `'user-' || ${padded(number)}`;
  const at = (after: string): string => `${moment(after)}, ${moment(after)}`;
  return [
    `insert into "user" (id, name, email, email_verified, role, created_at, updated_at)
      select ${user("i")}, 'Person number ' || i, ${user("i")} || '@local.dev', ${yes},
        case i when 0 then 'admin' else 'user' end, ${at("i * 1000")} from ${numbers(0, USERS - 1)} n`,
    `insert into post (id, user_id, title, body, created_at, updated_at)
      select i, ${user(`(i - 1) % ${USERS}`)}, 'Notes on subject ' || (i % 997),
        'This is post ' || i || ', "quoted" once and told in about a hundred characters, which is what people write.',
        ${at("i * 61001")} from ${numbers(1, posts)} n`,
    `insert into comment (id, post_id, user_id, body, created_at)
      select i, (i - 1) / 36 * 9 + cast(substr('${PLACES}', cast((i - 1) % 36 + 1 as integer), 1) as integer),
        ${user(`(i * 31) % ${USERS}`)}, 'Comment ' || i || ' says something short.', ${moment("i * 30011")}
      from ${numbers(1, comments)} n`,
  ];
}
