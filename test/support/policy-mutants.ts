import fc from "fast-check";

// Questions that are almost right: a value, a key or a whole part is put where it does not belong.

/** One thing that is done to a value of lists and maps: where, by number, and what. */
export interface Twist {
  readonly at: number;
  readonly how: number;
  readonly what: number;
}

export const twists: fc.Arbitrary<readonly Twist[]> = fc.array(
  fc.record({ at: fc.nat(999), how: fc.nat(99), what: fc.nat(999) }),
  { maxLength: 3 },
);

const KEYS = [
  "AND",
  "OR",
  "NOT",
  "some",
  "none",
  "every",
  "is",
  "isNot",
  "count",
  "_count",
  "$more",
  "where",
  "orderBy",
  "limit",
  "offset",
  "with",
  "columns",
  "relation",
  "required",
  "after",
  "before",
  "search",
  "sum",
  "groupBy",
  "having",
  "timeZone",
  "constructor",
  "toString",
  "getSQL",
  "",
  ".",
  "..",
  "tasks",
  "tasks.",
  ".tasks",
  "tasks.count",
  "tasks.count.count",
  "tasks.count.some",
  "tasks.some.title",
  "tasks.title",
  "tasks.every.every",
  "comments.none",
  "comments.count.in",
  "entries.count.between",
  "entries.count.like",
  "task.project.owner.manager.tenant.name.like",
  "assignee.is.isNot",
  "assignee.is.name",
  "assignee",
  "task",
  "user",
  "tenant.users.count",
  "tenant.users.some",
  "sum.cost.gt",
  "min.startedAt",
  "count.cost.gt.gt",
  "startedAt.month",
  "startedAt.month.gt",
  "startedAt.century",
  "hours.month",
  "name.eq",
  "id.",
  "id.in",
  "id.lke",
  "é",
  "'; drop table tasks; --",
  'a"b',
  "$1",
  "?",
] as const;

const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  2 ** 31,
  5e-324,
  "",
  "a",
  "%",
  "\\",
  "\0",
  "'",
  '"',
  "asc",
  "2024-02-30",
  "2024-01-01T00:00:00Z",
  "+275760-09-13T00:00:00.000Z",
  "-271821-04-20",
  "9223372036854775808",
  "1e400",
  "NaN",
  "Infinity",
  "UTC",
  "+99:99",
  "Europe/Nowhere",
  "x".repeat(300),
  [],
  [[]],
  [null],
  [1, 2],
  [2, 1],
  ["a", 1],
  {},
  { a: 1 },
  { AND: [] },
  { NOT: {} },
  { some: {} },
  { gte: 1, lte: 2 },
  { where: {}, gte: 1 },
  { sort: "asc", nulls: "last" },
  { sort: "up" },
  { sort: 1, nulls: null },
  { id: true },
  { count: true },
  Array.from({ length: 50 }, (_, i) => i),
];

/** Every place in a value: the whole, its members, theirs. */
function places(value: unknown): readonly (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [[]];
  const members = Array.isArray(value) ? value.map((inner, i) => [i, inner] as const) : Object.entries(value);
  return [[], ...members.flatMap(([key, inner]) => places(inner).map((rest) => [key, ...rest]))];
}

const at = (value: any, place: readonly (string | number)[]): unknown =>
  place.reduce((inner, key) => inner?.[key], value);

/** The same with another value at a place; a key may be another too. */
function put(
  value: any,
  [key, ...rest]: readonly (string | number)[],
  to: unknown,
  rename?: string,
): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value))
    return value.map((inner, i) => (i === key ? put(inner, rest, to, rename) : inner));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name !== key) return [name, inner];
      return [rest.length === 0 && rename !== undefined ? rename : name, put(inner, rest, to, rename)];
    }),
  );
}

/** What comes of a value, twist by twist. */
export function twisted(value: unknown, all: readonly Twist[]): unknown {
  return all.reduce((now, { at: n, how, what }) => {
    const [whole, ...parts] = places(now);
    const known = parts.length > 0 ? parts : [whole!];
    const place = known[n % known.length]!;
    const here = at(now, place);
    const key = KEYS[what % KEYS.length]!;
    switch (how % 7) {
      case 0:
      case 1:
        return put(now, place, VALUES[what % VALUES.length]);
      case 2:
      case 3:
        return put(now, place, here, key);
      case 4:
        return put(now, place, { [key]: here });
      case 5:
        return put(now, place, [here, at(now, known[what % known.length]!)]);
      default:
        // A part of it, once more where it was not.
        return put(now, place, at(now, known[what % known.length]!));
    }
  }, value);
}
