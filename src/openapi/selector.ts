import type { AccessKey, AccessRange } from "../access/access.ts";
import { hasOrder } from "../policy/policy.ts";
import type { JSONSchema } from "./document.ts";
import { filterOf, type Tools } from "./filter.ts";
import { columnsOf, type Node, type RelatedNode } from "./node.ts";

/** What of a place a selector is written for. */
interface Spot {
  readonly node: Node;
  /** The keys that it takes there. */
  readonly takes: readonly AccessKey[];
  readonly limits: AccessRange;
  /** Whether the rows are those of a question itself. */
  readonly root: boolean;
}

/** Mentions the selector of a rule: what stands in `select`. */
export const selectorOf = (node: Node, limits: AccessRange, tools: Tools): JSONSchema =>
  mention(`${node.name}.Select`, { node, takes: node.access.takes, limits, root: true }, tools);

/** Mentions the selector of a relation, which takes other keys where it leads to one row, or in what a write answers. */
function selectorBehind({ relation, node }: RelatedNode, tools: Tools): JSONSchema {
  const { takes, kind, limits } = relation;
  const place = kind === "one" ? "SelectOne" : takes.includes("required") ? "SelectMany" : "SelectWritten";
  return mention(`${node.name}.${place}`, { node, takes, limits, root: false }, tools);
}

const mention = (name: string, spot: Spot, tools: Tools): JSONSchema =>
  tools.components.schema(name, () => ({
    type: "object",
    properties: Object.fromEntries(
      spot.takes.map((key) => [key, PARTS[key](spot, tools)]).filter(([, part]) => part !== undefined),
    ),
    ...(spot.root && spot.node.access.requireWhere !== undefined && { required: ["where"] }),
    additionalProperties: false,
  }));

const TEXT: JSONSchema = { type: "string" };
const FLAG: JSONSchema = { type: "boolean" };
const DIRECTION: JSONSchema = {
  anyOf: [
    { enum: ["asc", "desc", 1, -1] },
    {
      type: "object",
      properties: { sort: { enum: ["asc", "desc", 1, -1] }, nulls: { enum: ["first", "last"] } },
      required: ["sort"],
    },
  ],
};

const choice = (names: Iterable<string>): JSONSchema => ({
  type: "object",
  properties: Object.fromEntries([...names].map((name) => [name, FLAG])),
  minProperties: 1,
});

const upTo = (most: number | null, beyond: AccessRange["onSurpassMaxLimit"]): JSONSchema => ({
  type: "integer",
  minimum: 0,
  ...(most !== null && beyond === "Throw" && { maximum: most }),
});

/** What stands behind each key; nothing where there is nothing to name. */
const PARTS: Readonly<Record<AccessKey, (spot: Spot, tools: Tools) => JSONSchema | undefined>> = {
  columns: ({ node }) => ({
    description: "true for all, false for none, or those that are named",
    anyOf: [FLAG, choice([...readable(node), ...node.access.extras])],
  }),
  where: ({ node }, tools) => filterOf(node, tools),
  orderBy: ({ node }, tools) => orderOf(node, tools),
  limit: ({ limits }) => upTo(limits.maxLimit, limits.onSurpassMaxLimit),
  offset: ({ limits }) => upTo(limits.maxOffset, "Throw"),
  with: ({ node }, tools) => relationsOf(node, tools),
  count: ({ node }, tools) => countsOf(node, tools),
  search: () => ({ ...TEXT, maxLength: 1_000, description: 'words, `"a phrase"`, `-excluded`, `or`' }),
  after: () => TEXT,
  before: () => TEXT,
  relation: () => ({ ...TEXT, description: "the relation, where its key is another name for it" }),
  required: () => ({ ...FLAG, description: "whether rows without a row there are left out" }),
};

const readable = (node: Node): readonly string[] =>
  columnsOf(node, (column) => column.readable === true).map(({ name }) => name);

function orderOf(node: Node, { nodes }: Tools): JSONSchema {
  const columns = columnsOf(node, ({ sortable }) => sortable === true).map(({ name }) => name);
  const counted = [...nodes.related(node)]
    .filter(
      ([, { relation, node: behind }]) => relation.kind === "many" && !behind.policy.forbids.has("count"),
    )
    .map(([name]) => `${name}.count`);
  const behind = [...nodes.related(node)].flatMap(([name, { relation, node: other }]) =>
    relation.kind === "many" || other.policy.forbids.has("orderBy")
      ? []
      : [...other.policy.readable.values()].filter(hasOrder).map((column) => `${name}.${column.name}`),
  );
  const ranked = node.access.takes.includes("search") ? ["search"] : [];
  return {
    type: "object",
    description: "the order of the keys counts; paths may lead on, through relations to one row",
    properties: Object.fromEntries(
      [...behind, ...columns, ...counted, ...ranked].map((name) => [name, DIRECTION]),
    ),
  };
}

function relationsOf(node: Node, tools: Tools): JSONSchema | undefined {
  const related = tools.nodes.related(node);
  if (related.size === 0) return undefined;
  return {
    type: "object",
    description: "by the relation, or by another name that says its `relation`",
    properties: Object.fromEntries(
      [...related].map(([name, behind]) => [name, { anyOf: [FLAG, selectorBehind(behind, tools)] }]),
    ),
  };
}

function countsOf(node: Node, tools: Tools): JSONSchema | undefined {
  const lists = [...tools.nodes.related(node)].filter(
    ([, { relation, node: behind }]) => relation.kind === "many" && !behind.policy.forbids.has("count"),
  );
  if (lists.length === 0) return undefined;
  const wish = ({ node: behind }: RelatedNode): JSONSchema => ({
    anyOf: [
      FLAG,
      {
        type: "object",
        properties: {
          relation: TEXT,
          ...(!behind.policy.forbids.has("where") && { where: filterOf(behind, tools) }),
        },
      },
    ],
  });
  return {
    type: "object",
    properties: Object.fromEntries(lists.map(([name, behind]) => [name, wish(behind)])),
  };
}
