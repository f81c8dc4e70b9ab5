import { Fragment } from "preact";
import { useState } from "preact/hooks";
import {
  linesOf,
  type Matrix as Told,
  type MatrixCell,
  type MatrixLine,
  type MatrixNode,
  type MatrixRows,
  type MatrixRule,
} from "../model/matrix.ts";
import { Empty } from "./empty.tsx";

/** Which rule is looked at. */
interface Chosen {
  readonly chosen: string | undefined;
  readonly onChoose: (path: string) => void;
}

/** Who may do what: resources and methods against callers; a rule that is chosen says what it lets out. */
export function Matrix({ told }: { readonly told: Told }) {
  const [chosen, setChosen] = useState<string | undefined>();
  const callers = Object.keys(told.callers);
  const lines = linesOf(told);
  const resources = [...new Set(lines.map(({ resource }) => resource))];
  return (
    <main class="matrix" id="main" tabIndex={-1}>
      <h2 class="unseen">Who may do what</h2>
      <div class="wide">
        <table class="sheet" aria-label="Who may do what">
          <thead>
            <tr>
              <th scope="col">resource</th>
              <th scope="col">method</th>
              {callers.map((caller) => (
                <th key={caller} scope="col">
                  {caller === "*" ? "any role" : caller}
                </th>
              ))}
            </tr>
          </thead>
          {resources.map((resource) => (
            <Resource
              key={resource}
              lines={lines.filter((line) => line.resource === resource)}
              callers={callers}
              chosen={chosen}
              onChoose={setChosen}
            />
          ))}
        </table>
      </div>
      <aside class="detail" aria-live="polite" aria-label="Rule">
        <Detail path={chosen} rule={chosen === undefined ? undefined : told.rules[chosen]} />
      </aside>
    </main>
  );
}

interface ResourceProps extends Chosen {
  readonly lines: readonly MatrixLine[];
  readonly callers: readonly string[];
}

function Resource({ lines, callers, ...choice }: ResourceProps) {
  return (
    <tbody>
      {lines.map(({ resource, method, cells }, index) => (
        <tr key={method}>
          {index === 0 && (
            <th scope="rowgroup" rowSpan={lines.length}>
              {resource}
            </th>
          )}
          <th scope="row" class="method">
            {method}
          </th>
          {callers.map((caller) => (
            <td key={caller}>
              <Rules cells={cells[caller] ?? []} {...choice} />
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

function Rules({ cells, chosen, onChoose }: Chosen & { readonly cells: readonly MatrixCell[] }) {
  if (cells.length === 0)
    return (
      <span class="none" role="img" aria-label="refused">
        –
      </span>
    );
  return (
    <span class="chips">
      {cells.map(({ role, scopes, path }) => (
        <button
          key={path}
          type="button"
          class="rule"
          title={`scopes: ${scopes}`}
          aria-pressed={path === chosen}
          onClick={() => onChoose(path)}
        >
          {role}
        </button>
      ))}
    </span>
  );
}

function Detail({
  path,
  rule,
}: {
  readonly path: string | undefined;
  readonly rule: MatrixRule | undefined;
}) {
  if (path === undefined || rule === undefined)
    return (
      <Empty icon="paper" title="Choose a rule">
        Each name in the table is the rule that answers. Choose one to see what it lets out.
      </Empty>
    );
  const { write = [], check, ensure, maxAffected, transition, aggregate = [], requireWhere, nest } = rule;
  return (
    <>
      <h3>
        <code>{path}</code>
      </h3>
      <dl>
        <Node node={rule} />
        {write.length > 0 && <Names term="may be written" names={write} />}
        {check !== undefined && <Rows term="written rows must satisfy" rows={check} />}
        {ensure !== undefined && <Rows term="must hold once it is written" rows={ensure} />}
        {transition === true && <Said term="changes" text="are judged by a function" />}
        {maxAffected !== undefined && <Said term="changes at most" text={`${maxAffected} rows`} />}
        {requireWhere !== undefined && (
          <Said term="wants a filter" text={requireWhere === "key" ? "that fixes a key" : "of any kind"} />
        )}
        {aggregate.length > 0 && <Names term="numbers about rows" names={aggregate} />}
        {nest !== undefined && <Names term="rows written with it" names={Object.keys(nest)} />}
      </dl>
    </>
  );
}

function Node({ node }: { readonly node: MatrixNode }) {
  const { table, read, masked = {}, computed = [], rows, always, relations = {} } = node;
  return (
    <>
      <Said term="table" text={table} />
      <Rows term="rows" rows={rows} />
      {always !== undefined && <Rows term="of the table, always" rows={always} />}
      <Names term="may be read" names={read.length === 0 ? ["nothing"] : read} />
      {Object.entries(masked).map(([column, conditions]) => (
        <Rows key={column} term={`${column}, only on rows`} rows={conditions[0]!} />
      ))}
      {computed.length > 0 && <Names term="computed" names={computed} />}
      {Object.entries(relations).map(([name, target]) => (
        <Fragment key={name}>
          <dt>relation {name}</dt>
          <dd>
            {typeof target === "string" ? (
              <code>as {target} says</code>
            ) : (
              <dl class="group">
                <Node node={target} />
              </dl>
            )}
          </dd>
        </Fragment>
      ))}
    </>
  );
}

const Said = ({ term, text }: { readonly term: string; readonly text: string }) => (
  <>
    <dt>{term}</dt>
    <dd>
      <code>{text}</code>
    </dd>
  </>
);

const Names = ({ term, names }: { readonly term: string; readonly names: readonly string[] }) => (
  <>
    <dt>{term}</dt>
    <dd class="chips">
      {names.map((name) => (
        <span key={name} class="mark mono">
          {name}
        </span>
      ))}
    </dd>
  </>
);

function Rows({ term, rows }: { readonly term: string; readonly rows: MatrixRows }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>
        {typeof rows === "string" ? (
          <span class={`mark ${rows === "all" ? "good" : "warn"}`}>
            {rows === "all" ? "all rows" : "no rows"}
          </span>
        ) : "sql" in rows ? (
          <code>{rows.sql}</code>
        ) : (
          "those that its function chooses"
        )}
      </dd>
    </>
  );
}
