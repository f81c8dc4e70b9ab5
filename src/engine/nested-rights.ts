import type { Body } from "../author/author.ts";
import type { NestPolicy, Policy } from "../policy/policy.ts";
import { type Method, METHOD_OF, type NestedWish, type QueryRequest } from "../request/request.ts";
import type { Call, Parts } from "./call.ts";
import { nests, split } from "./nested-body.ts";
import { Part } from "./part.ts";

/**
 * Finds the rules of all requests that a body stands for beside its own, and asks nothing else: for a write that is
 * answered without being done again.
 *
 * @throws QueryError for the first that the caller may not make any more.
 */
export async function assertNested(
  parts: Parts,
  call: Call<unknown>,
  policy: Policy,
  sent: Body,
  change: boolean,
): Promise<void> {
  if (!nests(policy, sent)) return;
  for (const wishes of split(policy, sent, change, NONE).wishes)
    for (const [nest, wish] of wishes)
      for (const { method, resource, bodies } of requestsOf(nest, wish)) {
        const rule = await ruleOf(parts, call, { method, resource, selector: {} });
        for (const value of bodies)
          await assertNested(parts, call, rule, { ...sent, value }, method === METHOD_OF.update);
      }
}

const NONE: ReadonlySet<string> = new Set();

async function ruleOf(parts: Parts, call: Call<unknown>, request: QueryRequest): Promise<Policy> {
  const { principal } = new Part(call, request, () => undefined);
  return parts.policies.resolve(request, principal);
}

/** Requests of one kind, and the bodies that they have. */
interface Requests {
  readonly method: Method;
  readonly resource: string;
  readonly bodies: readonly unknown[];
}

/** What is asked of other resources for a wish. */
function requestsOf({ ownKey, resource, join }: NestPolicy, wish: NestedWish): readonly Requests[] {
  const { create, connect, disconnect, set, update } = wish;
  const asked: Requests[] = [];
  const ask = (method: Method, of: string, wanted: readonly unknown[] | boolean, bodies = BODILESS): void => {
    if (wanted === true || (wanted !== false && wanted.length > 0))
      asked.push({ method, resource: of, bodies });
  };
  const named = connect.length > 0 || (set ?? []).length > 0;
  const parted = disconnect.length > 0 || set !== undefined;
  ask(METHOD_OF.insert, resource, create, bodiesOf(create));
  ask(METHOD_OF.update, resource, update, bodiesOf(update));
  ask(METHOD_OF.delete, resource, wish.delete);
  if (join !== undefined) {
    ask(METHOD_OF.read, resource, named || disconnect.length > 0);
    ask(METHOD_OF.insert, join.resource, named);
    ask(METHOD_OF.delete, join.resource, parted);
  } else if (ownKey) ask(METHOD_OF.read, resource, connect);
  else ask(METHOD_OF.update, resource, parted || connect.length > 0);
  return asked;
}

const BODILESS: readonly unknown[] = [];

const bodiesOf = (parts: readonly { readonly body: unknown }[]): readonly unknown[] =>
  parts.map(({ body }) => body);
