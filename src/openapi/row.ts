import type { JSONSchema } from "./document.ts";
import type { Tools } from "./filter.ts";
import { columnsOf, type Node } from "./node.ts";
import { cellOf, orNull } from "./value.ts";

/** Mentions the rows of a place, as answers carry them: no member has to be asked for. */
export function rowOf(node: Node, tools: Tools): JSONSchema {
  return tools.components.schema(node.name, () => {
    const { access, policy } = node;
    const columns = columnsOf(node, ({ readable }) => readable === true);
    const masked = columns.filter((column) => policy.masks.has(column)).map(({ name }) => name);
    return {
      type: "object",
      properties: {
        ...Object.fromEntries(
          columns.map((column) => [column.name, cellOf(column, policy.masks.has(column))]),
        ),
        ...Object.fromEntries(access.extras.map((name) => [name, { description: "computed" }])),
        ...Object.fromEntries(relatedRows(node, tools)),
        ...(access.takes.includes("count") && { _count: COUNTS }),
        $can: CAN,
        ...(masked.length > 0 && { $masked: { type: "array", items: { enum: masked } } }),
      },
    };
  });
}

const COUNTS: JSONSchema = {
  type: "object",
  description: "how many rows of the lists that `count` names",
  additionalProperties: { type: "integer", minimum: 0 },
};

const CAN: JSONSchema = {
  type: "object",
  description:
    "of rows that are asked for with `can`: whether a change of the caller's would reach them, by method",
  additionalProperties: { type: "boolean" },
};

function* relatedRows(node: Node, tools: Tools): Iterable<[string, JSONSchema]> {
  for (const [name, { relation, node: behind }] of tools.nodes.related(node)) {
    const row = rowOf(behind, tools);
    yield [name, relation.kind === "one" ? orNull(row) : { type: "array", items: row }];
  }
}
