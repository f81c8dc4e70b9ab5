/** What a method does with rows. */
export type Action = "read" | "insert" | "update" | "delete" | "inspect";

/** A method's own record. */
interface OwnTraits {
  readonly action: Action;
  /** Whether its answers have no body. */
  readonly bodiless?: true;
  /** The method whose rules it goes by where it has none of its own. */
  readonly rulesOf?: "GET";
}

/** One record per method; routing, OPTIONS, CORS and the rules' types follow it. */
export const METHODS = {
  GET: { action: "read" },
  HEAD: { action: "read", bodiless: true, rulesOf: "GET" },
  POST: { action: "insert" },
  PATCH: { action: "update" },
  DELETE: { action: "delete" },
  OPTIONS: { action: "inspect" },
} as const;

/** The methods the engine answers. */
export type Method = keyof typeof METHODS;

/** The methods of an action. */
export type MethodWith<A extends Action> = {
  [M in Method]: (typeof METHODS)[M]["action"] extends A ? M : never;
}[Method];

/** The methods rules are written for. */
export type RuledMethod = MethodWith<Exclude<Action, "inspect">>;

/** A key of the client's selector. */
export type SelectorKey = "columns" | "where" | "orderBy" | "limit" | "offset" | "with";

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
] as const);
const CHANGE: ActionTraits = {
  writes: true,
  selector: new Set(["columns", "where", "with"] as const),
  parameters: new Set(["select", "countTotal"]),
};

/** Every selector key, as relations take them at any depth. */
export const SELECTOR_KEYS: ReadonlySet<SelectorKey> = EVERY;

const ACTIONS: Readonly<Record<Action, ActionTraits>> = {
  read: { writes: false, selector: EVERY, parameters: new Set(["select", "findFirst", "countTotal"]) },
  insert: { ...CHANGE, selector: new Set(["columns", "with"] as const) },
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
export const isRuled = (method: string): method is RuledMethod =>
  (traitsOf(method)?.action ?? "inspect") !== "inspect";

/** Whether a method's answers have no body. */
export const isBodiless = (method: string): boolean => traitsOf(method)?.bodiless === true;

/** The methods that need no rule: everybody may use them. */
export const OPEN: readonly Method[] = EVERY_METHOD.map(({ name }) => name).filter((name) => !isRuled(name));

/** The methods rules are written for, as `Allow` names them: those whose answers have no body first. */
export const RULED: readonly RuledMethod[] = EVERY_METHOD.toSorted(
  (a, b) => Number(b.bodiless === true) - Number(a.bodiless === true),
)
  .map(({ name }) => name)
  .filter(isRuled);

/** Methods that are known everywhere and answered by nobody here. */
export const UNANSWERED = ["PUT", "TRACE", "CONNECT"] as const;
