import type { AuthorFunction } from "./any.ts";
import type { NodePolicy, Policy } from "./policy.ts";

/** What looks at the clock, in the words of an author or of a database. */
const CLOCK =
  /\bDate\.now\b|\bnew Date\( ?\)|\bTemporal\.Now\b|\bnow\( ?\)|\bcurrent_(?:timestamp|date|time)\b|['"]now['"]/i;

/** Live rules whose conditions seem to look at the clock: nobody writes when that goes on. */
export function* suspectClock(policy: Policy): Iterable<string> {
  if (policy.live === undefined || policy.live.every !== undefined) return;
  for (const place of clocksIn(policy))
    yield `.${place}: it seems to look at the clock, and a live answer is asked again when somebody writes; say \`live: { every: 60_000 }\``;
}

/** The places of a rule, and of its relations, where the clock is looked at. */
function* clocksIn({
  using,
  grants,
  facts,
  unrestricted,
  relations,
  extras,
  askedExtras,
}: NodePolicy): Iterable<string> {
  const looks = (given: AuthorFunction | undefined): boolean =>
    given !== undefined && CLOCK.test(String(given));
  if (looks(using)) yield "where";
  if (!unrestricted && looks(facts?.where)) yield "where";
  if (grants.some(({ when }) => looks(when))) yield "select";
  for (const name of extras.keys()) if (looks(askedExtras.get(name))) yield `extras.${name}`;
  for (const [name, relation] of relations)
    for (const place of clocksIn(relation)) yield `with.${name}.${place}`;
}
