import type { Policy, Registry } from "./policy.ts";

const SECRETIVE =
  /(^|[_-]|[a-z](?=[A-Z]))(pass(word|wd|phrase)?|pwd?|secret|token|hash|salt|otp|api_?key|private_?key|credentials?)s?($|[_-]|(?=[A-Z]))/i;

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
  if (policy.readable.size === policy.table.columns.size) {
    for (const name of policy.readable.keys())
      if (SECRETIVE.test(name)) yield `.select: \`${name}\` looks like a secret, and is let out`;
  }
  if ((method === "GET" || method === "HEAD") && policy.limits.maxLimit === Number.POSITIVE_INFINITY) {
    yield ".maxLimit: a read may answer the whole table";
  }
}
