import { sql } from "drizzle-orm";
import { type Change, type Mention, securedBy } from "../plan/plan.ts";
import type { NodePolicy, ParentPolicy, Policy, TableFacts } from "../policy/policy.ts";
import { admit, both, type Rows } from "./admit.ts";
import { type Admission, Admitted, type AdmittedParent, plain } from "./admitted.ts";
import { type Context, under } from "./context.ts";
import type { Later } from "../clock.ts";
import { together } from "./later.ts";

/** Asks what all mentions of a plan admit. */
export const admitAll = (mentions: readonly Mention[], context: Context): Later<Admitted> =>
  new Operation(context).admitAll(mentions);

/** The same, and which rows of the first mention each of some changes would reach. */
export function admitChanges(
  mentions: readonly Mention[],
  changes: readonly Change[],
  context: Context,
): Later<Admitted> {
  const operation = new Operation(context);
  const asked = [
    ...mentions.map(({ secured }) => operation.admit(secured.policy)),
    ...changes.map(({ policy }) => operation.admitRows(policy)),
  ];
  return together(asked, ([root, ...rest]) => {
    const others = rest.slice(0, mentions.length - 1);
    const grants = [...root!.grants, ...rest.slice(others.length)];
    return new Admitted([{ ...root!, grants }, ...others]);
  });
}

/**
 * What a row that is left must satisfy: the rule's `check`, which is its `where` unless it says otherwise, what is true of
 * the table, and that its parents are there. Whether it is deleted is no matter of that.
 */
export function admitCheck(policy: Policy, admission: Admission, context: Context): Later<Admission> {
  const { check, using, table, path } = policy;
  if (check === using && deletionOf(policy) === "all") return admission;
  const own = check === using ? admission.own : admit(check, table, context, `${path}.check`);
  return together([own], ([rows]) => ({ ...admission, rows: both(rows!, admission.kept) }));
}

/** What it must satisfy once all rows are written. */
export const admitEnsure = ({ ensure, table, path }: Policy, context: Context): Later<Rows> =>
  admit(ensure, table, context, `${path}.ensure`);

/** The rows that exist of those that are softly deleted, and of the others. */
function deletionOf({ facts, deleted }: NodePolicy): Rows {
  const column = facts?.softDelete?.column;
  if (column === undefined || deleted === "include") return "all";
  return deleted === "only" ? sql`${column} is not null` : sql`${column} is null`;
}

/** Asks an author's functions for one operation: what is true of a table, and of a row's parents, only once. */
export class Operation {
  readonly #context: Context;
  // Most operations have neither.
  #facts: Map<TableFacts, Later<Rows>> | undefined;
  #parents: Map<NodePolicy, Later<Admission>> | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** What all mentions of a plan admit. */
  admitAll(mentions: readonly Mention[]): Later<Admitted> {
    const asked: Later<Admission>[] = [];
    for (const { secured } of mentions) asked.push(this.admit(secured.policy));
    return together(asked, allOf);
  }

  /** What a rule admits: rows, and on which of them it lets out the columns that it masks on others. */
  admit(policy: NodePolicy): Later<Admission> {
    const { grants, table } = policy;
    const existing = this.admitRows(policy);
    if (grants.length === 0) return existing;
    const context = under(policy, this.#context);
    const granted = together(
      grants.map(({ when, path }) => admit(when, table, context, path)),
      itself,
    );
    return existing instanceof Promise || granted instanceof Promise
      ? Promise.all([existing, granted]).then((asked) => letOut(...asked))
      : letOut(existing, granted);
  }

  /** The rows alone, of which nothing is let out. */
  admitRows(policy: NodePolicy): Later<Admission> {
    const { using, table, path, facts, parents } = policy;
    const own = admit(using, table, under(policy, this.#context), `${path}.where`);
    if (facts === undefined && parents.length === 0)
      return own instanceof Promise ? own.then(plain) : plain(own);
    const rows = together([own, this.#ofTable(policy)], ([rule, kept]) => ({
      rows: both(both(rule!, kept!), deletionOf(policy)),
      own: rule!,
      kept: kept!,
    }));
    const hung = together(
      parents.map((parent) => this.#parent(parent)),
      itself,
    );
    if (rows instanceof Promise || hung instanceof Promise)
      return Promise.all([rows, hung]).then((asked) => admissionOf(...asked));
    return admissionOf(rows, hung);
  }

  /** The rows that exist of a table by what is true of it. */
  #ofTable({ facts, unrestricted, table }: NodePolicy): Later<Rows> {
    if (facts === undefined || unrestricted) return "all";
    return remembered((this.#facts ??= new Map()), facts, () =>
      admit(facts.where, table, this.#context, `${facts.path}.where`),
    );
  }

  #parent({ relation, rule }: ParentPolicy): Later<AdmittedParent | undefined> {
    if (rule === undefined) return undefined;
    const admitted = remembered((this.#parents ??= new Map()), rule, () => this.admitRows(rule));
    const parent = (admission: Admission): AdmittedParent => ({
      relation,
      secured: securedBy(rule),
      admission,
    });
    return admitted instanceof Promise ? admitted.then(parent) : parent(admitted);
  }
}

/** Without a parent that is the caller's to read no row exists. */
function admissionOf(
  rows: Pick<Admission, "rows" | "own" | "kept">,
  parents: readonly (AdmittedParent | undefined)[],
): Admission {
  const known = parents.filter((parent) => parent !== undefined);
  return { ...rows, grants: [], parents: known.length < parents.length ? "none" : known };
}

const allOf = (admissions: readonly Admission[]): Admitted => new Admitted(admissions);

const letOut = (existing: Admission, grants: readonly Rows[]): Admission => ({ ...existing, grants });

const itself = <T>(value: T): T => value;

function remembered<Key, T>(known: Map<Key, T>, key: Key, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}
