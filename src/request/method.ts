/** What the engine needs to know of an HTTP method. */
export interface MethodTraits {
  readonly action: "read" | "insert" | "update" | "delete" | "inspect";
  /** Whether it may change rows. */
  readonly writes: boolean;
  /** The selector keys it takes at the top; relations take all of them. */
  readonly selector: ReadonlySet<SelectorKey>;
  /** The parameters it takes beside the scope. */
  readonly parameters: ReadonlySet<string>;
}

/** A key of the client's selector. */
export type SelectorKey = "columns" | "where" | "orderBy" | "limit" | "offset" | "with";

/** The methods the engine answers. */
export type Method = "GET" | "HEAD" | "POST" | "PATCH" | "DELETE" | "OPTIONS";

const EVERY: ReadonlySet<SelectorKey> = new Set([
  "columns",
  "where",
  "orderBy",
  "limit",
  "offset",
  "with",
] as const);
const FILTERED: ReadonlySet<SelectorKey> = new Set(["columns", "where", "with"] as const);
const READ: MethodTraits = {
  action: "read",
  writes: false,
  selector: EVERY,
  parameters: new Set(["select", "findFirst", "countTotal"]),
};
const WRITE_PARAMETERS: ReadonlySet<string> = new Set(["select", "countTotal"]);

/** Every selector key, as relations take them at any depth. */
export const SELECTOR_KEYS: ReadonlySet<SelectorKey> = EVERY;

/** One row per method; routing, OPTIONS and the rules' types follow it. */
export const METHODS: ReadonlyMap<string, MethodTraits> = new Map<Method, MethodTraits>([
  ["GET", READ],
  ["HEAD", READ],
  [
    "POST",
    {
      action: "insert",
      writes: true,
      selector: new Set(["columns", "with"] as const),
      parameters: WRITE_PARAMETERS,
    },
  ],
  ["PATCH", { action: "update", writes: true, selector: FILTERED, parameters: WRITE_PARAMETERS }],
  ["DELETE", { action: "delete", writes: true, selector: FILTERED, parameters: WRITE_PARAMETERS }],
  ["OPTIONS", { action: "inspect", writes: false, selector: new Set<SelectorKey>(), parameters: new Set() }],
]);
