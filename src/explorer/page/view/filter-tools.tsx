import type { Desk } from "../desk.ts";
import {
  type AccessColumn,
  columnsFor,
  figuresOf,
  type Path,
  relationsOf,
  relationSpot,
  ruleOf,
  type Spot,
} from "../model/access.ts";
import { addCondition, filterAt, type FilterOf, removeCondition } from "../model/edit.ts";
import { type At, valueAt } from "../model/filter.ts";
import { startOf } from "../operand.ts";
import { AddMenu, IconButton } from "./controls.tsx";

/** A filter that is being built, and where. */
export interface FilterProps {
  readonly desk: Desk;
  readonly path: Path;
  /** The place whose rows it is of; it changes on the way through relations. */
  readonly spot: Spot;
  readonly of: FilterOf;
}

interface AddProps extends FilterProps {
  readonly at: At;
}

/** What a condition begins as, by where it stands in the menu. */
const STARTS = {
  Columns: (name: string, column: AccessColumn | undefined) => {
    const [end, value] = startOf(column);
    return [name + end, value] as const;
  },
  "Rows of a relation": (name: string) => [name, true] as const,
  "How many rows": (name: string) => [`${name}.count.gte`, 1] as const,
  Groups: (word: string) => [word, word === "NOT" ? {} : []] as const,
};

const WORDS = [
  ["OR", "any of"],
  ["AND", "all of"],
  ["NOT", "none of"],
] as const;

/** Adds a condition: a column, the rows of a relation, how many there are, or a group. */
export function Add({ desk, path, spot, of, at }: AddProps) {
  const { access, asked, edit } = desk;
  const isOfGroups = of === "having";
  const columns = isOfGroups ? [] : columnsFor("filterable", access, spot);
  const figures = isOfGroups
    ? figuresOf(ruleOf(access, asked)?.aggregate ?? { count: false, columns: {} })
    : [];
  const relations = isOfGroups
    ? []
    : relationsOf(spot).filter(({ name }) => relationSpot(access, spot, name) !== undefined);
  const groups: Readonly<Record<keyof typeof STARTS, readonly (string | readonly [string, string])[]>> = {
    Columns: [...columns.map((column) => column.path), ...figures],
    "Rows of a relation": relations.map(({ name }) => name),
    "How many rows": relations.filter(({ kind }) => kind === "many").map(({ name }) => name),
    Groups: isOfGroups ? [] : WORDS,
  };
  const add = (group: string, name: string): void => {
    const column = columns.find((known) => known.path === name)?.column;
    const [key, value] = STARTS[group as keyof typeof STARTS](name, column);
    edit((question) => addCondition(question, path, at, key, value, of));
  };
  return <AddMenu label="Add a condition" text="+ Condition" groups={groups} onAdd={add} />;
}

interface RemoveProps extends FilterProps {
  readonly at: At;
  readonly label: string;
}

export function Remove({ desk, path, of, at, label }: RemoveProps) {
  const remove = (): void => desk.edit((asked) => removeCondition(asked, path, at, of));
  return <IconButton icon="away" label={label} onClick={remove} />;
}

/** What is written at a place of the filter. */
export const valueOf = ({ desk, path, of }: FilterProps, at: At): unknown =>
  valueAt(filterAt(desk.asked, path, of), at);
