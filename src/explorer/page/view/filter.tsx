import { refusedAt } from "../desk.ts";
import { QUANTIFIERS, relationSpot, type Spot } from "../model/access.ts";
import { changeCondition, filterAt, joinConditions } from "../model/edit.ts";
import {
  type Clause,
  clausesOf,
  conditionsIn,
  type Group,
  type Through as ThroughClause,
} from "../model/filter.ts";
import { Choice } from "./choice.tsx";
import { Pick } from "./controls.tsx";
import { Condition, Counting } from "./condition.tsx";
import { Add, type FilterProps, Remove, valueOf } from "./filter-tools.tsx";
import { Part } from "./part.tsx";

/** Which rows, or groups, are answered. */
export function Filter({ title, ...props }: FilterProps & { readonly title: string }) {
  const { desk, path, spot, of } = props;
  const key = typeof of === "string" ? of : "count";
  const filter = filterAt(desk.asked, path, of);
  const clauses = clausesOf(desk.access, spot, filter);
  const root: Group = {
    kind: "group",
    word: Array.isArray(filter) ? "OR" : "AND",
    at: [],
    clauses: inner(clauses),
  };
  return (
    <Part
      title={title}
      count={conditionsIn(filter)}
      refused={refusedAt(desk, path, key)}
      actions={<Add {...props} at={[]} />}
    >
      {demandOf(spot, filter)}
      {clauses.length > 0 && <Body {...props} group={root} isRoot />}
    </Part>
  );
}

/** A filter that is a list is one group, whose parts are the filter's. */
const inner = (clauses: readonly Clause[]): readonly Clause[] => {
  const [only] = clauses;
  return only?.kind === "group" && only.at.length === 0 ? only.clauses : clauses;
};

function demandOf(
  { requireWhere, keys }: Spot & { readonly keys?: readonly (readonly string[])[] },
  filter: unknown,
) {
  if (requireWhere === undefined || filter !== undefined) return null;
  const named = keys === undefined ? "" : `: ${keys.map((key) => key.join(" and ")).join(", or ")}`;
  return (
    <p class="aside">
      {requireWhere === "key" ? `The rule asks for a key${named}.` : "The rule asks for a filter."}
    </p>
  );
}

interface GroupProps extends FilterProps {
  readonly group: Group;
  readonly isRoot?: boolean;
}

/** The parts of a group, and the word that joins them. */
function Body({ group, isRoot = false, ...props }: GroupProps) {
  const { desk, path, of } = props;
  const { at, word, clauses } = group;
  const joins = word !== "NOT" && (clauses.length > 1 || !isRoot);
  return (
    <div class={isRoot ? "" : "group"}>
      {(joins || !isRoot) && (
        <header class="line">
          {word === "NOT" ? (
            "none of these holds"
          ) : (
            <Choice
              label="How conditions are joined"
              options={[
                ["AND", "all hold"],
                ["OR", "any holds"],
              ]}
              chosen={word}
              onChoose={(next) => desk.edit((asked) => joinConditions(asked, path, at, next, of))}
            />
          )}
          {!isRoot && <Add {...props} at={at} />}
          {!isRoot && <Remove {...props} at={at} label="Remove the group" />}
        </header>
      )}
      <div class="lines">
        {clauses.map((clause) => (
          <ClauseLine key={clause.at.join("\0")} {...props} clause={clause} />
        ))}
      </div>
    </div>
  );
}

function ClauseLine({ clause, ...props }: FilterProps & { readonly clause: Clause }) {
  switch (clause.kind) {
    case "condition":
      return <Condition {...props} clause={clause} />;
    case "group":
      return <Body {...props} group={clause} />;
    case "relation":
      return <Through {...props} clause={clause} />;
    case "count":
      return <Counting {...props} clause={clause} />;
  }
}

/** Rows of a relation. */
function Through({ clause, ...props }: FilterProps & { readonly clause: ThroughClause }) {
  const { desk, path, of } = props;
  const { relation, quantifier, value, at, clauses } = clause;
  const behind = spotBehind(props, relation);
  const words = Object.values(QUANTIFIERS).find((some) => some.some((word) => word === quantifier))!;
  const inside = { ...props, spot: behind ?? props.spot };
  const change = (word: string, next: unknown): void =>
    desk.edit((asked) => changeCondition(asked, path, at, `${relation}.${word}`, next, of));
  const written = clauses.length === 0 ? (value ?? true) : valueOf(props, at);
  return (
    <div class="group">
      <header class="line">
        <span class="name">{relation}</span>
        <Pick
          label={`Which rows of ${relation}`}
          look="field short"
          chosen={quantifier}
          options={words}
          onPick={(word) => change(word, written)}
        />
        {clauses.length === 0 && <span class="aside">{saidOf(quantifier, value)}</span>}
        <Add {...inside} at={at} />
        <Remove {...props} at={at} label={`Remove the filter on ${relation}`} />
      </header>
      {clauses.length > 0 && <Body {...inside} group={{ kind: "group", word: "AND", at, clauses }} isRoot />}
    </div>
  );
}

const saidOf = (quantifier: ThroughClause["quantifier"], value: true | null | undefined): string =>
  quantifier === "none" || (value === null) !== (quantifier === "isNot")
    ? "there is no such row"
    : "there is one";

/** The place behind a relation, or behind several that lead to one row each. */
function spotBehind({ desk, spot }: FilterProps, relation: string): Spot | undefined {
  return relation
    .split(".")
    .reduce<Spot | undefined>((here, name) => here && relationSpot(desk.access, here, name), spot);
}
