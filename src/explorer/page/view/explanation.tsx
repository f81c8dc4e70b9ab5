import type { Explanation as Told } from "../../../engine/explain.ts";
import { milliseconds } from "../format.ts";
import { Icon } from "./icon.tsx";
import { SQLText } from "./sql-text.tsx";

/** Why a request is answered as it is: the rule, the rows that exist, the statements, where the time goes. */
export function Explanation({ told }: { readonly told: Told }) {
  const { method, resource, scope, roles, rules, refused, mentions = [], statements = [] } = told;
  return (
    <div class="explanation">
      <p>
        <code>
          {method} {resource}
        </code>
        , {scope === "none" ? "without a scope" : `scope ${scope}`}, asked{" "}
        {roles.length === 0 ? "by a guest" : `as ${roles.join(", ")}`}
      </p>
      <Rules rules={rules} />
      {refused !== undefined && (
        <section aria-label="Refused">
          <h3>Refused</h3>
          <p>
            <span class="mark danger">
              {refused.status} {refused.code}
            </span>{" "}
            {refused.error}
          </p>
          {refused.hint !== undefined && <p class="aside">{refused.hint}</p>}
        </section>
      )}
      {mentions.length > 0 && <Mentions mentions={mentions} />}
      {statements.map((statement) => (
        <Statement key={statement.of} statement={statement} />
      ))}
      {told.milliseconds !== undefined && <Rooms times={told.milliseconds} />}
    </div>
  );
}

function Rules({ rules }: Pick<Told, "rules">) {
  return (
    <section aria-label="Rules">
      <h3>Which rule applies</h3>
      {rules.length === 0 && <p class="aside">There is no rule for this method.</p>}
      <ul class="rules">
        {rules.map(({ path, applies, why }) => (
          <li key={path} class={applies ? "yes" : "no"}>
            <Icon name={applies ? "check" : "away"} />
            <code>{path}</code>
            <span>{why}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Mentions({ mentions }: { readonly mentions: NonNullable<Told["mentions"]> }) {
  return (
    <section aria-label="Rows that exist">
      <h3>Which rows exist for this caller</h3>
      <table class="sheet">
        <thead>
          <tr>
            <th scope="col">table</th>
            <th scope="col">rows</th>
            <th scope="col">by the rule</th>
          </tr>
        </thead>
        <tbody>
          {mentions.map(({ table, rule, rows }, index) => (
            <tr key={index}>
              <th scope="row">
                <code>{table}</code>
              </th>
              <td>
                {rows === "all" || rows === "none" ? (
                  <span class={`mark ${rows === "all" ? "good" : "warn"}`}>{rows}</span>
                ) : (
                  <code>{rows}</code>
                )}
              </td>
              <td>
                <code class="aside">{rule}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Statement({ statement }: { readonly statement: NonNullable<Told["statements"]>[number] }) {
  const { of, sql, values, plan } = statement;
  const scans = plan.filter(({ scan }) => scan).length;
  return (
    <section aria-label={`SQL for ${of}`}>
      <h3>
        SQL for {of}{" "}
        {scans > 0 && (
          <span class="mark warn">{scans === 1 ? "reads a whole table" : `reads ${scans} whole tables`}</span>
        )}
      </h3>
      <SQLText text={sql} values={values} />
      <ul class="plan" aria-label="Query plan">
        {plan.map(({ text, scan }, index) => (
          <li key={index} class={scan ? "scan" : ""}>
            {text}
            {scan && <span class="mark warn">whole table</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Rooms({ times }: { readonly times: NonNullable<Told["milliseconds"]> }) {
  const rooms = Object.entries(times);
  const most = Math.max(...rooms.map(([, time]) => time), 0.001);
  return (
    <section aria-label="Time">
      <h3>Where the time went</h3>
      <div class="rooms">
        {rooms.map(([room, time]) => (
          <>
            <span>{room}</span>
            <meter aria-label={room} min={0} max={most} value={time} />
            <span class="aside">{milliseconds(time)}</span>
          </>
        ))}
      </div>
    </section>
  );
}
