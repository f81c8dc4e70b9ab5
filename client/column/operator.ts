/** Every operator a filter may name, by what it asks of a column and what stands on its right; the server's, as a test says. */
export const OPERATORS = {
  equality: ["eq", "ne"],
  order: ["gt", "gte", "lt", "lte"],
  range: ["between", "notBetween"],
  list: ["in", "inArray", "notIn", "notInArray"],
  presence: ["isNull", "isNotNull"],
  text: [
    "like",
    "notLike",
    "ilike",
    "notIlike",
    "contains",
    "startsWith",
    "endsWith",
    "icontains",
    "istartsWith",
    "iendsWith",
  ],
  array: ["arrayContains", "arrayContained", "arrayOverlaps"],
  json: ["json"],
} as const;

/** The operators of a family. */
export type OperatorOf<Family extends keyof typeof OPERATORS> = (typeof OPERATORS)[Family][number];

/** Every operator a filter may name. */
export type OperatorName = OperatorOf<keyof typeof OPERATORS>;
