import { at, type Issue, QueryError } from "../error.ts";
import type { Parameters, StandardIssue } from "../policy/policy.ts";

/** What validators made of the parameters of a question, by their names. */
export type Params = Readonly<Record<string, unknown>>;

/**
 * Has the parameters of a question validated; one that is not there is undefined.
 *
 * @throws QueryError `invalid-value` at the name of the first that is refused.
 */
export async function readParams(declared: Parameters, given: ReadonlyMap<string, string>): Promise<Params> {
  const params: [string, unknown][] = [];
  for (const [name, schema] of declared) {
    const result = await schema["~standard"].validate(given.get(name));
    if (result.issues !== undefined) throw refused(name, result.issues, given.has(name));
    params.push([name, result.value]);
  }
  return Object.freeze(Object.fromEntries(params));
}

function refused(name: string, issues: readonly StandardIssue[], given: boolean): QueryError {
  const path = at("", name);
  const list = [...issues].map(({ message }): Issue => ({ message, path }));
  return new QueryError("invalid-value", list[0]?.message ?? `parameter \`${path}\` is not valid`, {
    path,
    hint: given ? undefined : `write \`${path}=…\``,
    issues: list.length > 1 ? list : undefined,
  });
}
