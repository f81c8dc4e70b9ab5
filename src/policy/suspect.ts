import type { NodePolicy, Policy, Registry } from "./policy.ts";

const SECRETS: ReadonlySet<string> = new Set(
  "password passwd passphrase pwd secret token hash salt otp apikey privatekey credential".split(" "),
);

/** Whether a column's name speaks of a secret: one of its words does, or two of them together. */
function looksSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=.{3})s$/, ""));
  return words.some((word, index) => SECRETS.has(word) || SECRETS.has(word + (words[index + 1] ?? "")));
}

/**
 * What is legal in an access-control file and yet looks like an oversight, one sentence each with its path. An author
 * who means it says so: with a `check`, a validator, a column choice, a number.
 */
export function suspicions(registry: Registry): readonly string[] {
  const found = new Set<string>();
  for (const [resource, methods] of registry) {
    for (const [method, rules] of methods) {
      if (method === "HEAD" && methods.get("GET") === rules) continue;
      for (const [role, policy] of rules) {
        const path = `acl.${resource}.control.${method}.${role}`;
        for (const sentence of suspect(method, role, policy)) found.add(`${path}${sentence}`);
      }
    }
  }
  return [...found];
}

function* suspect(method: string, role: string, policy: Policy): Iterable<string> {
  const writes = method === "POST" || method === "PATCH";
  if (
    role === "mine" &&
    policy.using === undefined &&
    policy.check === undefined &&
    policy.injectBody === undefined
  ) {
    yield ": a `mine` rule without `where` lets everybody write in anybody's name";
  }
  if (writes && policy.check === undefined) {
    for (const column of policy.writable.values()) {
      if (column.foreign)
        yield `.write: \`${column.name}\` refers to another row, and no \`check\` says which rows may be referred to`;
    }
  }
  if (writes && (role === "all" || role === "guest") && policy.validateBody === undefined) {
    yield ": anybody may write, and no `validateBody` says what";
  }
  yield* secrets(policy);
  if ((method === "GET" || method === "HEAD") && policy.limits.maxLimit === Number.POSITIVE_INFINITY) {
    yield ".maxLimit: a read may answer the whole table";
  }
}

/** Columns that look like secrets and are let out with all the others, here or in a relation. */
function* secrets(policy: NodePolicy): Iterable<string> {
  if (policy.selectsAll) {
    for (const name of policy.readable.keys()) {
      if (looksSecret(name)) yield `.select: \`${name}\` looks like a secret, and is let out`;
    }
  }
  for (const [name, relation] of policy.relations)
    for (const found of secrets(relation)) yield `.with.${name}${found}`;
}
