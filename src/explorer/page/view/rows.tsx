import { type ComponentChildren, Fragment } from "preact";
import { useMemo } from "preact/hooks";
import type { Actions } from "../actions.ts";
import { type Access, ruleOf } from "../model/access.ts";
import { cycleOrder, groupsAt, nodeAt, orderAt, setFilter, setSearch } from "../model/edit.ts";
import { isPlain } from "../model/notation.ts";
import { type Asked, isWrite, type Plain } from "../model/request.ts";
import type { Outcome, State } from "../state.ts";
import { type Column, columnsOf, figuresOf } from "./columns-of.ts";
import { Empty } from "./empty.tsx";
import { Grid } from "./grid.tsx";
import { JSONText } from "./json-text.tsx";
import { knownOf } from "./known.ts";
import { offsetOf, Pages } from "./pages.tsx";
import { changesOf, keyText, RowActions } from "./row-actions.tsx";

interface RowsProps {
  readonly state: State;
  readonly actions: Actions;
  readonly outcome: Outcome;
  readonly busy: ComponentChildren;
}

/** An answer as a table, with what leads to its other pages. */
export function Rows(props: RowsProps) {
  const { state, actions, outcome, busy } = props;
  const { body, asked } = outcome;
  const rows = useMemo(() => rowsOf(body, asked.resource), [body, asked.resource]);
  const columns = useMemo(() => {
    const known = knownOf(state.access!, asked);
    return rows === undefined ? [] : (asked.aggregate === undefined ? columnsOf : figuresOf)(rows, known);
  }, [rows, asked, state.access]);
  const said = isPlain(body) ? body : {};
  return (
    <>
      <div class="view" id="view" role="tabpanel" aria-label="View" tabIndex={0}>
        {busy}
        {rows === undefined ? (
          <Counted said={said} body={body} />
        ) : rows.length === 0 ? (
          <Nothing props={props} />
        ) : (
          <Table {...props} rows={rows} columns={columns} />
        )}
      </div>
      {rows !== undefined && (
        <Pages state={state} actions={actions} asked={asked} count={rows.length} said={said} />
      )}
    </>
  );
}

/** The rows of an answer, of which one may stand alone; nothing where it has none. */
function rowsOf(body: unknown, resource: string): readonly Plain[] | undefined {
  if (!isPlain(body)) return undefined;
  const found = body[resource];
  if (found === null) return [];
  if (isPlain(found)) return [found];
  return Array.isArray(found) && found.every(isPlain) ? found : undefined;
}

/** An answer without rows: how many there are, or what its author's function made of it. */
function Counted({ said, body }: { readonly said: Plain; readonly body: unknown }) {
  const numbers = ["rowsAffected", "inserted", "count", "filtered", "total"].filter(
    (name) => typeof said[name] === "number",
  );
  if (numbers.length === 0) return <JSONText value={body} />;
  return (
    <dl class="one">
      {numbers.map((name) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{String(said[name])}</dd>
        </Fragment>
      ))}
    </dl>
  );
}

function Nothing({ props: { outcome, actions } }: { readonly props: RowsProps }) {
  const part = nodeAt(outcome.asked);
  if (part["where"] === undefined && part["search"] === undefined)
    return (
      <Empty icon="paper" title="No rows">
        There are none here that you may see.
      </Empty>
    );
  return (
    <Empty icon="search" title="No row fits">
      Rows that you may not see are not there for any filter.{" "}
      <button
        type="button"
        class="button tiny"
        onClick={() => {
          actions.again(setSearch(setFilter(outcome.asked, [], undefined), [], ""));
        }}
      >
        Ask without the filter
      </button>
    </Empty>
  );
}

interface TableProps extends RowsProps {
  readonly rows: readonly Plain[];
  readonly columns: readonly Column[];
}

/** The rows; they are drawn anew only where they, or what may be done with them, have changed. */
function Table({ state: { access, live }, actions, outcome: { asked }, rows, columns }: TableProps) {
  const lively = live !== "off";
  return useMemo(() => {
    const changes = changesOf(access!, asked);
    const order = orderAt(asked, []);
    const sortable = sortableOf(access!, asked);
    const sort = (key: string) => (): void => actions.again(cycleOrder(asked, [], key, true));
    const isKnown =
      asked.aggregate === undefined && rows.some((row) => keyText(row, changes.key) !== undefined);
    const isChanged = isKnown && (changes.change || changes.remove);
    return (
      <Grid
        label={`Rows of ${asked.resource}`}
        rows={rows}
        columns={columns}
        from={offsetOf(asked) + 1}
        lively={lively}
        keyOf={(row) => keyText(row, changes.key)}
        direction={({ key }) => order.find((sorted) => sorted.key === key)?.direction}
        onOrder={(column) => (sortable(column) ? sort(column.key) : undefined)}
        {...(isChanged && {
          actions: (row: Plain) => <RowActions row={row} changes={changes} actions={actions} />,
        })}
      />
    );
  }, [rows, columns, asked, access, actions, lively]);
}

/** Says which columns rows can be ordered by. */
function sortableOf(access: Access, asked: Asked): (column: Column) => boolean {
  if (isWrite(asked.method)) return () => false;
  if (asked.aggregate !== undefined) return () => groupsAt(asked).length > 0;
  const rule = ruleOf(access, asked);
  const isOrdered = rule?.takes.includes("orderBy") === true;
  return ({ key, kind }) => isOrdered && (rule.columns[key]?.sortable === true || kind === "count");
}
