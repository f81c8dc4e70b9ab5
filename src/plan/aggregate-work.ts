import { accessOf } from "./access.ts";
import type { AggregatePlan } from "./aggregate.ts";
import { CONDITION, conditionsOf, expressionOf, SORT, type Sizes, weightOf } from "./work.ts";

/** What numbers about rows make a database look at, and how much of it is the client's filter. */
export interface AggregateWork {
  readonly sum: number;
  readonly where: number;
}

/** The work of a question for numbers: all rows that its filter may leave are read, and put together by what they share. */
export function aggregateWork(plan: AggregatePlan, sizes: Sizes): AggregateWork {
  const { root, groups, figures } = plan;
  const { secured, where } = root;
  const { read, found } = accessOf({ secured, where, orderBy: [] }, undefined, sizes);
  const tried = where === undefined ? 0 : weightOf(where, sizes);
  const looked = (groups ?? []).reduce((sum, { expression }) => sum + expressionOf(expression, sizes), 0);
  const each = 1 + conditionsOf(secured.policy) + looked + figures.length * CONDITION;
  return { sum: read * (each + tried) + (groups === undefined ? 0 : found * SORT), where: read * tried };
}
