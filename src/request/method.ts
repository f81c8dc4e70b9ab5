/** What a method does with rows. */
export type Action = "read" | "insert" | "update" | "delete" | "inspect";

/** A method's own record. */
interface OwnTraits {
  readonly action: Action;
  /** Whether its answers have no body. */
  readonly bodiless?: true;
  /** The method whose rules it goes by where it has none of its own. */
  readonly rulesOf?: "GET";
  /** The method it is in every respect, but that it asks in its body. */
  readonly standsFor?: "GET";
}

/** One record per method; routing, OPTIONS, CORS and the rules' types follow it. */
export const METHODS = {
  GET: { action: "read" },
  HEAD: { action: "read", bodiless: true, rulesOf: "GET" },
  QUERY: { action: "read", standsFor: "GET" },
  POST: { action: "insert" },
  PATCH: { action: "update" },
  DELETE: { action: "delete" },
  OPTIONS: { action: "inspect" },
} as const;

/** The methods the engine answers. */
export type Method = keyof typeof METHODS;

/** The methods of an action that are none but themselves. */
export type MethodWith<A extends Action> = {
  [M in Method]: (typeof METHODS)[M] extends { readonly standsFor: Method }
    ? never
    : (typeof METHODS)[M]["action"] extends A
      ? M
      : never;
}[Method];

/** The methods rules are written for. */
export type RuledMethod = MethodWith<Exclude<Action, "inspect">>;

/** What rules are written for does, and the method by which it is done. */
export const METHOD_OF: {
  readonly [A in Exclude<Action, "inspect">]: Exclude<MethodWith<A>, "HEAD">;
} = { read: "GET", insert: "POST", update: "PATCH", delete: "DELETE" };

/** A key of the client's selector. */
export type SelectorKey =
  | "columns"
  | "where"
  | "orderBy"
  | "limit"
  | "offset"
  | "with"
  | "count"
  | "search"
  | "after"
  | "before";

/** What the methods of an action have in common. */
interface ActionTraits {
  /** Whether it may change rows. */
  readonly writes: boolean;
  /** The selector keys it takes at the top; relations take all of them. */
  readonly selector: ReadonlySet<SelectorKey>;
  /** The parameters it takes beside the scope. */
  readonly parameters: ReadonlySet<string>;
}

const EVERY: ReadonlySet<SelectorKey> = new Set([
  "columns",
  "where",
  "orderBy",
  "limit",
  "offset",
  "with",
  "count",
  "search",
  "after",
  "before",
] as const);
const CHANGE: ActionTraits = {
  writes: true,
  selector: new Set(["columns", "where", "with", "count"] as const),
  parameters: new Set(["select", "countTotal"]),
};

/** Every selector key. */
export const SELECTOR_KEYS: ReadonlySet<SelectorKey> = EVERY;

/** The keys that relations take, at any depth: pages that go on from each other are of the root alone. */
export const RELATION_KEYS: ReadonlySet<SelectorKey | "relation" | "required"> = new Set([
  "columns",
  "where",
  "orderBy",
  "limit",
  "offset",
  "with",
  "count",
  "search",
  "relation",
  "required",
] as const);

const ACTIONS: Readonly<Record<Action, ActionTraits>> = {
  read: {
    writes: false,
    selector: EVERY,
    parameters: new Set(["select", "findFirst", "countTotal", "can", "cursor", "countFiltered", "aggregate"]),
  },
  insert: {
    ...CHANGE,
    selector: new Set(["columns", "with", "count"] as const),
    parameters: new Set(["select", "countTotal", "onConflict"]),
  },
  update: CHANGE,
  delete: CHANGE,
  inspect: { writes: false, selector: new Set(), parameters: new Set() },
};

/** What the engine needs to know of a method. */
export interface MethodTraits extends OwnTraits, ActionTraits {
  readonly name: Method;
}

const TRAITS: ReadonlyMap<string, MethodTraits> = new Map(
  (Object.keys(METHODS) as Method[]).map((name) => {
    const own: OwnTraits = METHODS[name];
    return [name, { name, ...ACTIONS[own.action], ...own }];
  }),
);

/** The methods with their traits, in the order of their records. */
export const EVERY_METHOD: readonly MethodTraits[] = [...TRAITS.values()];

/** The traits of a method, where it is one. */
export function traitsOf(method: Method): MethodTraits;
export function traitsOf(method: string): MethodTraits | undefined;
export function traitsOf(method: string): MethodTraits | undefined {
  return TRAITS.get(method);
}

/** Whether a method is one that rules are written for. */
export const isRuled = (method: string): method is RuledMethod => {
  const { action = "inspect", standsFor } = traitsOf(method) ?? {};
  return action !== "inspect" && standsFor === undefined;
};

/** Whether a method's answers have no body. */
export const isBodiless = (method: string): boolean => traitsOf(method)?.bodiless === true;

/** The methods that need no rule: everybody may use them. */
export const OPEN: readonly Method[] = EVERY_METHOD.filter(({ action }) => action === "inspect").map(
  ({ name }) => name,
);

/** The methods that ask what another asks. */
export const standingFor = (method: string): readonly Method[] =>
  EVERY_METHOD.filter(({ standsFor }) => standsFor === method).map(({ name }) => name);

/** The methods rules are written for, as `Allow` names them: those whose answers have no body first. */
export const RULED: readonly RuledMethod[] = EVERY_METHOD.toSorted(
  (a, b) => Number(b.bodiless === true) - Number(a.bodiless === true),
)
  .map(({ name }) => name)
  .filter(isRuled);

/** Methods that are known everywhere and answered by nobody here. */
export const UNANSWERED = ["PUT", "TRACE", "CONNECT"] as const;
