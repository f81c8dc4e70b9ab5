import { type OperandKind, OPERATORS, operatorsFor } from "../operator/operator.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { Components } from "./components.ts";
import type { JSONSchema } from "./document.ts";
import type { Node, Nodes } from "./node.ts";
import { operandOf, orNull } from "./value.ts";

/** What the schemas of a document are made with. */
export interface Tools {
  readonly components: Components;
  readonly nodes: Nodes;
  /** How many rows of a table examples have made. */
  readonly madeUp: Map<TableInfo, number>;
}

const TRUE: JSONSchema = { const: true };
const NULL: JSONSchema = { type: "null" };

/** The operators of numbers of rows. */
const OF_COUNTS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "between"];

/** Mentions the filter of a place. */
export function filterOf(node: Node, tools: Tools): JSONSchema {
  const { components } = tools;
  return components.schema(`${node.name}.Where`, () => {
    const map = components.schema(`${node.name}.Conditions`, () => conditionsOf(node, tools));
    return {
      description: "a map of conditions, all of which hold, or a list of maps, one of which holds",
      anyOf: [map, { type: "array", minItems: 1, items: map }],
    };
  });
}

function conditionsOf(node: Node, tools: Tools): JSONSchema {
  const where = filterOf(node, tools);
  const list: JSONSchema = { type: "array", minItems: 1, items: where };
  const groups: Record<string, JSONSchema> = { AND: list, OR: list, NOT: where };
  const properties = {
    ...groups,
    // A column of that very name wins.
    ...Object.fromEntries(relatedConditions(node, tools)),
    ...Object.fromEntries(
      [...node.policy.filterable.values()].flatMap((column) => [...comparisonsOf(column, tools)]),
    ),
  };
  return {
    type: "object",
    description: "paths may lead on, through relations to one row",
    properties,
    minProperties: 1,
  };
}

/** A column by its name, and by the operators that compare it. */
function* comparisonsOf(column: ColumnInfo, tools: Tools): Iterable<[string, JSONSchema]> {
  const value = operandOf(column);
  const operators = operatorsFor(column);
  if (operators.includes("eq")) yield [column.name, orNull(value)];
  for (const name of operators) {
    const { operand, nullable } = OPERATORS.get(name)!;
    const schema = OPERANDS[operand](value, tools);
    yield [`${column.name}.${name}`, nullable === true ? orNull(schema) : schema];
  }
}

/** What stands on the right of operators, for a column's values. */
const OPERANDS: Readonly<Record<OperandKind, (value: JSONSchema, tools: Tools) => JSONSchema>> = {
  scalar: (value) => value,
  list: (value) => ({ type: "array", items: value }),
  elements: (value) => value,
  pair: (value) => ({ type: "array", items: value, minItems: 2, maxItems: 2 }),
  flag: () => ({ type: "boolean" }),
  pattern: () => ({ type: "string", description: "`%` stands for any text, `_` for one character" }),
  literal: () => ({ type: "string" }),
  json: (_, { components }) =>
    components.schema("InDocument", () => ({
      type: "object",
      description: "a path into a document, and one comparison of what is there",
      properties: {
        path: { type: "array", items: { type: ["string", "integer"] }, minItems: 1, maxItems: 16 },
      },
      required: ["path"],
      minProperties: 2,
      maxProperties: 2,
    })),
};

/** What is asked of rows that relations lead to. */
function* relatedConditions(node: Node, tools: Tools): Iterable<[string, JSONSchema]> {
  for (const [name, { relation, node: behind }] of tools.nodes.related(node)) {
    if (behind.policy.forbids.has("where")) continue;
    const where = filterOf(behind, tools);
    if (relation.kind === "one") {
      const one: JSONSchema = { anyOf: [where, NULL] };
      yield* valuesBehind(name, behind, tools);
      for (const key of [name, `${name}.is`, `${name}.isNot`]) yield [key, one];
      continue;
    }
    const some: JSONSchema = { anyOf: [where, TRUE] };
    for (const key of [name, `${name}.some`, `${name}.none`]) yield [key, some];
    yield [`${name}.every`, where];
    if (!behind.policy.forbids.has("count")) yield* countedConditions(name);
  }
}

/** The columns of the row that a relation leads to, by paths; further ones are taken all the same. */
function* valuesBehind(name: string, { policy }: Node, tools: Tools): Iterable<[string, JSONSchema]> {
  for (const column of policy.filterable.values())
    for (const [key, schema] of comparisonsOf(column, tools)) yield [`${name}.${key}`, schema];
}

const NUMBER: JSONSchema = { type: "integer", minimum: 0 };
const NUMBERS: JSONSchema = { type: "array", items: NUMBER };

function* countedConditions(name: string): Iterable<[string, JSONSchema]> {
  yield [`${name}.count`, NUMBER];
  for (const operator of OF_COUNTS)
    yield [`${name}.count.${operator}`, operator === "in" || operator === "between" ? NUMBERS : NUMBER];
}
