import { Fragment } from "preact";
import { milliseconds } from "../format.ts";
import type { Explanation as Told } from "../model/explain.ts";
import { Icon } from "./icon.tsx";
import { SQLText } from "./sql-text.tsx";

/** Why a request is answered as it is: the rule, the rows that exist, the statements, where the time goes. */
export function Explanation({ told }: { readonly told: Told }) {
  const { method, resource, scope, roles, rules, refused, mentions = [], statements = [], parts = [] } = told;
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
      {told.became !== undefined && (
        <section aria-label="What it became">
          <h3>What the question became</h3>
          <Parts became={told.became} />
        </section>
      )}
      {mentions.length > 0 && <Mentions mentions={mentions} />}
      {statements.map((statement) => (
        <Statement key={statement.of} statement={statement} />
      ))}
      {parts.length > 0 && <Order parts={parts} />}
      {parts.map((part) => part.at !== "" && <PartOf key={part.at} part={part} />)}
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

/** The parts of a question, with what was left out filled in; relations one by one below. */
function Parts({ became: { relations = {}, ...parts } }: { readonly became: NonNullable<Told["became"]> }) {
  return (
    <>
      <dl class="one">
        {Object.entries(parts).map(([name, part]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{Array.isArray(part) ? part.join(", ") : String(part)}</code>
            </dd>
          </Fragment>
        ))}
      </dl>
      {Object.entries(relations).map(([name, inner]) => (
        <section key={name} aria-label={`with ${name}`}>
          <h4>with {name}</h4>
          <Parts became={inner} />
        </section>
      ))}
    </>
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

type Parts = NonNullable<Told["parts"]>;

/** The requests that a write is made of. */
const Order = ({ parts }: { readonly parts: Parts }) => (
  <section aria-label="Parts">
    <h3>What is done, in this order</h3>
    <ol>
      {parts.map(({ at, method, resource, rule }) => (
        <li key={at}>
          <code>
            {method} {resource}
          </code>{" "}
          {at !== "" && <code>{at}</code>} <code class="aside">{rule}</code>
        </li>
      ))}
    </ol>
  </section>
);

/** One of them: its rows, and its statements. */
const PartOf = ({ part: { at, mentions, statements } }: { readonly part: Parts[number] }) => (
  <section aria-label={`Part ${at}`}>
    <h3>
      <code>{at}</code>
    </h3>
    <Mentions mentions={mentions} />
    {statements.map((statement, index) => (
      <Statement key={index} statement={statement} />
    ))}
  </section>
);

function Rooms({ times }: { readonly times: NonNullable<Told["milliseconds"]> }) {
  const rooms = Object.entries(times);
  const most = Math.max(...rooms.map(([, time]) => time), 0.001);
  return (
    <section aria-label="Time">
      <h3>Where the time went</h3>
      <div class="rooms">
        {rooms.map(([room, time]) => (
          <Fragment key={room}>
            <span>{room}</span>
            <meter aria-label={room} min={0} max={most} value={time} />
            <span class="aside">{milliseconds(time)}</span>
          </Fragment>
        ))}
      </div>
    </section>
  );
}
