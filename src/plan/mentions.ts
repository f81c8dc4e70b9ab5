import type { NodePolicy, RelationPolicy } from "../policy/policy.ts";
import type { BlankReader } from "./blank.ts";
import type { Link } from "./link.ts";
import type { ReadNode } from "./plan.ts";
import type { Search } from "./search.ts";
import { type Mention, securedBy } from "./secured.ts";

const NONE: readonly never[] = [];

/** The mentions of a plan, each with its place: whatever a statement says of a table, one of them stands for. */
export class Mentions {
  readonly all: Mention[] = [];
  /** Those whose rows are answered, the parents before their relations. */
  readonly nodes: ReadNode[] = [];
  /** What is looked for among the rows of some, by indexes that a database may lack. */
  searches: readonly Search[] = NONE;
  /** Where values are left blank. */
  blanks: readonly BlankReader[] = NONE;

  /** One more mention of the table of a rule. */
  add(policy: NodePolicy): Mention {
    const mention = { index: this.all.length, secured: securedBy(policy) };
    this.all.push(mention);
    return mention;
  }

  /** Words that are looked for in a mention of it. */
  look(search: Search): void {
    this.searches = [...this.searches, search];
  }

  /** A value that is left blank. */
  leave(blank: BlankReader): void {
    this.blanks = [...this.blanks, blank];
  }

  /** The way to rows of a relation that only a condition, an order or a count speaks of. */
  link(policy: RelationPolicy): Link {
    return { relation: policy.relation, mention: this.add(policy), through: this.through(policy) };
  }

  /** The join table that a relation passes. */
  through({ through }: RelationPolicy): Link["through"] {
    return through && { mention: this.add(through.policy), relation: through.relation };
  }
}
