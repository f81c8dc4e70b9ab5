import type { AccessAggregate } from "../access/access.ts";
import type { ColumnFunction } from "../request/request.ts";
import { COLUMN_FUNCTIONS } from "../request/request.ts";
import type { JSONSchema } from "./document.ts";
import { filterOf, type Tools } from "./filter.ts";
import type { RuleNode } from "./node.ts";

const FLAG: JSONSchema = { type: "boolean" };
const FILTER: JSONSchema = {
  type: "object",
  description: "a filter of groups, by `count` and `<function>.<column>`",
};

/** Mentions what stands in `aggregate`. */
export function aggregateOf(node: RuleNode, told: AccessAggregate, tools: Tools): JSONSchema {
  return tools.components.schema(`${node.name}.Aggregate`, () => ({
    type: "object",
    properties: {
      ...Object.fromEntries(functionsOf(told)),
      groupBy: {
        type: "array",
        minItems: 1,
        items: { type: "string" },
        description: groupsOf(told),
      },
      ...(!node.policy.forbids.has("where") && { where: filterOf(node, tools) }),
      having: FILTER,
      orderBy: { type: "object", additionalProperties: { enum: ["asc", "desc", 1, -1] } },
      limit: { type: "integer", minimum: 0 },
      offset: { type: "integer", minimum: 0 },
      timeZone: { type: "string" },
    },
    additionalProperties: false,
  }));
}

/** The columns of a function. */
const namesOf = ({ columns }: AccessAggregate, name: ColumnFunction): readonly string[] =>
  Object.entries(columns)
    .filter(([, { functions }]) => functions.includes(name))
    .map(([column]) => column);

function* functionsOf(told: AccessAggregate): Iterable<[string, JSONSchema]> {
  for (const name of COLUMN_FUNCTIONS) {
    const columns = namesOf(told, name);
    const map: JSONSchema = {
      type: "object",
      properties: Object.fromEntries(columns.map((column) => [column, FLAG])),
      minProperties: 1,
      additionalProperties: false,
    };
    const rows = name === "count" && told.count;
    if (columns.length > 0) yield [name, rows ? { anyOf: [FLAG, map] } : map];
    else if (rows) yield [name, FLAG];
  }
}

function groupsOf({ columns }: AccessAggregate): string {
  const names = Object.entries(columns)
    .filter(([, { groupBy }]) => groupBy === true)
    .map(([name, { buckets }]) =>
      buckets === true ? `\`${name}\` (and \`${name}.month\` …)` : `\`${name}\``,
    );
  return names.length > 0 ? `columns and paths: ${names.join(", ")}` : "paths";
}

/** What an aggregate answers: numbers, or a list of groups. */
export function numbersOf(node: RuleNode, told: AccessAggregate, tools: Tools): JSONSchema {
  return tools.components.schema(`${node.name}.Numbers`, () => ({
    type: "object",
    properties: {
      group: { type: "object", description: "what the rows of the group share" },
      ...Object.fromEntries([...functionsOf(told)].map(([name]) => [name, FIGURES[name] ?? FIGURE])),
    },
  }));
}

const FIGURE: JSONSchema = { type: "object" };
const FIGURES: Readonly<Record<string, JSONSchema>> = {
  count: { anyOf: [{ type: "integer" }, { type: "object", additionalProperties: { type: "integer" } }] },
  countDistinct: { type: "object", additionalProperties: { type: "integer" } },
};
