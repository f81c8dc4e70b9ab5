import { type PlaceProps, refusedAt } from "../desk.ts";
import { columnsFor, figuresOf, relationsOf, ruleOf } from "../model/access.ts";
import { groupsAt, nodeAt, orderAt, setOrder, type Sort } from "../model/edit.ts";
import { AddMenu, IconButton, Pick } from "./controls.tsx";
import { Icon } from "./icon.tsx";
import { Part } from "./part.tsx";

/** In which order rows, or groups, come. */
export function Order(props: PlaceProps) {
  const { desk, path } = props;
  const order = orderAt(desk.asked, path);
  const names = namesFor(props);
  if (names.length === 0 && order.length === 0) return null;
  const set = (next: readonly Sort[]): void => desk.edit((question) => setOrder(question, path, next));
  const left = names.filter((name) => !order.some(({ key }) => key === name));
  const add = (_: string, key: string): void => set([...order, { key, direction: "asc" }]);
  const change = (sort: Sort, next: Sort | undefined): void =>
    set(order.flatMap((other) => (other !== sort ? [other] : next === undefined ? [] : [next])));
  return (
    <Part
      title="Order"
      count={order.length}
      refused={refusedAt(desk, path, "orderBy")}
      actions={<AddMenu label="Order by" text="+ Key" groups={{ Keys: left }} onAdd={add} />}
    >
      {order.length > 0 && (
        <div class="lines">
          {order.map((sort) => (
            <Line key={sort.key} sort={sort} onChange={(next) => change(sort, next)} />
          ))}
        </div>
      )}
    </Part>
  );
}

interface LineProps {
  readonly sort: Sort;
  /** Nothing takes it away. */
  readonly onChange: (sort: Sort | undefined) => void;
}

const SIDES = [
  ["", "nulls as usual"],
  ["first", "nulls first"],
  ["last", "nulls last"],
] as const;

function Line({ sort, onChange }: LineProps) {
  const { key, direction, nulls = "" } = sort;
  const isUp = direction === "asc";
  return (
    <div class="line">
      <span class="name">{key}</span>
      <button
        type="button"
        class="button tiny"
        aria-label={`${key}: ${isUp ? "ascending" : "descending"}`}
        onClick={() => onChange({ ...sort, direction: isUp ? "desc" : "asc" })}
      >
        <Icon name={isUp ? "up" : "down"} />
        {direction}
      </button>
      <Pick
        label={`Where nulls of ${key} go`}
        look="button bare tiny"
        chosen={nulls}
        options={SIDES}
        onPick={(side) =>
          onChange({ key, direction, ...((side === "first" || side === "last") && { nulls: side }) })
        }
      />
      <IconButton icon="away" label={`Do not order by ${key}`} onClick={() => onChange(undefined)} />
    </div>
  );
}

/** What may be ordered by there. */
function namesFor({ desk: { access, asked }, path, spot }: PlaceProps): readonly string[] {
  if (asked.aggregate !== undefined) {
    const aggregate = ruleOf(access, asked)?.aggregate;
    return aggregate === undefined ? [] : [...groupsAt(asked), ...figuresOf(aggregate)];
  }
  if (!spot.takes.includes("orderBy")) return [];
  const lists = relationsOf(spot, "many").map(({ name }) => `${name}.count`);
  const searched = nodeAt(asked, path)["search"] === undefined ? [] : ["search"];
  return [...searched, ...columnsFor("sortable", access, spot).map((column) => column.path), ...lists];
}
