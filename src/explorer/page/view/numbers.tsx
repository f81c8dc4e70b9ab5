import { type PlaceProps, refusedAt } from "../desk.ts";
import { type AccessAggregate, BUCKETS, columnsFor, FUNCTIONS, groupsOf } from "../model/access.ts";
import {
  groupsAt,
  hasFunction,
  nodeAt,
  setCountRows,
  setTimeZone,
  toggleFunction,
  toggleGroup,
} from "../model/edit.ts";
import { AddMenu, Check } from "./controls.tsx";
import { Filter } from "./filter.tsx";
import { Icon } from "./icon.tsx";
import { Order } from "./order.tsx";
import { Part } from "./part.tsx";

interface NumbersProps extends PlaceProps {
  readonly aggregate: AccessAggregate;
}

/** Numbers about rows: which, of which rows, and by what they are grouped. */
export function Numbers(props: NumbersProps) {
  const { desk, path, spot } = props;
  const isGrouped = groupsAt(desk.asked).length > 0;
  return (
    <>
      <Figures {...props} />
      <Groups {...props} />
      {spot.takes.includes("where") && (
        <Filter title="Filter of rows" desk={desk} path={path} spot={spot} of="where" />
      )}
      {isGrouped && <Filter title="Filter of groups" desk={desk} path={path} spot={spot} of="having" />}
      {isGrouped && <Order {...props} />}
    </>
  );
}

/** How many rows, and which functions of which columns. */
function Figures({ desk, path, spot, aggregate }: NumbersProps) {
  const { minGroupSize } = aggregate;
  return (
    <Part title="Numbers" refused={refusedAt(desk, [], ...FUNCTIONS)}>
      {aggregate.count && (
        <Check
          checked={nodeAt(desk.asked)["count"] === true}
          onChange={(checked) => desk.edit((question) => setCountRows(question, checked))}
        >
          how many rows
        </Check>
      )}
      <Functions desk={desk} path={path} spot={spot} aggregate={aggregate} />
      {minGroupSize !== undefined && (
        <p class="aside">Groups of fewer than {minGroupSize} rows are left out.</p>
      )}
    </Part>
  );
}

const SHORT = {
  count: "count",
  countDistinct: "distinct",
  sum: "sum",
  avg: "avg",
  min: "min",
  max: "max",
} as const;

function Functions({ desk, aggregate }: NumbersProps) {
  const columns = Object.entries(aggregate.columns).filter(([, { functions }]) => functions.length > 0);
  const used = FUNCTIONS.filter((figure) => columns.some(([, column]) => column.functions.includes(figure)));
  if (used.length === 0) return null;
  const cell = (name: string, figure: (typeof FUNCTIONS)[number]) => (
    <input
      type="checkbox"
      aria-label={`${figure} of ${name}`}
      checked={hasFunction(desk.asked, figure, name)}
      onChange={() => desk.edit((question) => toggleFunction(question, figure, name))}
    />
  );
  return (
    <table class="figures">
      <thead>
        <tr>
          <td />
          {used.map((figure) => (
            <th key={figure} scope="col" title={figure}>
              {SHORT[figure]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {columns.map(([name, { functions }]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {used.map((figure) => (
              <td key={figure}>{functions.includes(figure) && cell(name, figure)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** By what rows are grouped, the first first. */
function Groups({ desk, spot, aggregate }: NumbersProps) {
  const { access, asked, edit } = desk;
  const chosen = groupsAt(asked);
  const paths = columnsFor("filterable", access, spot).map(({ path }) => path);
  const left = (names: readonly string[]) => names.filter((name) => !chosen.includes(name));
  const offered = {
    Columns: left(groupsOf(aggregate)),
    "Over relations": left(paths.filter((path) => path.includes("."))),
  };
  const toggle = (key: string): void => edit((question) => toggleGroup(question, key));
  const isTimed = chosen.some((key) => BUCKETS.some((bucket) => key.endsWith(`.${bucket}`)));
  return (
    <Part
      title="Grouped by"
      count={chosen.length}
      refused={refusedAt(desk, [], "groupBy", "timeZone")}
      actions={<AddMenu label="Group by" text="+ Group" groups={offered} onAdd={(_, key) => toggle(key)} />}
    >
      {chosen.length > 0 && (
        <div class="chips">
          {chosen.map((key) => (
            <button key={key} type="button" class="chip" aria-pressed onClick={() => toggle(key)}>
              {key}
              <Icon name="away" />
            </button>
          ))}
        </div>
      )}
      {isTimed && <TimeZone zone={nodeAt(asked)["timeZone"]} edit={edit} />}
    </Part>
  );
}

/** By whose clocks stretches of time begin. */
function TimeZone({ zone, edit }: { readonly zone: unknown; readonly edit: PlaceProps["desk"]["edit"] }) {
  return (
    <label class="zone">
      <span>clocks of</span>
      <input
        class="field"
        placeholder="UTC"
        value={typeof zone === "string" ? zone : ""}
        onInput={({ currentTarget }) => {
          const { value } = currentTarget;
          edit((question) => setTimeZone(question, value));
        }}
      />
    </label>
  );
}
