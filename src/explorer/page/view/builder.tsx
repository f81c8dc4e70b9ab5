import { type Desk, refusedParameter } from "../desk.ts";
import { type Access, methodsOf, relationIn, ruleOf, scopesOf, spotAt } from "../model/access.ts";
import {
  nodeAt,
  setMethod,
  setParameter,
  setScope,
  toggleCount,
  toggleRelation,
  toNumbers,
  toRows,
} from "../model/edit.ts";
import { isPlain } from "../model/notation.ts";
import { type Asked, isWrite, type Method, type Scope, takesBody } from "../model/request.ts";
import { BodyPart } from "./body.tsx";
import { Choice } from "./choice.tsx";
import { Empty } from "./empty.tsx";
import { Numbers } from "./numbers.tsx";
import { PagePart } from "./page-part.tsx";
import { Part } from "./part.tsx";
import { Place } from "./place.tsx";
import { WritingPart } from "./writing.tsx";

/** A question, clicked together from what the caller may ask. */
export function Builder({ desk }: { readonly desk: Desk }) {
  const { access, asked } = desk;
  const spot = spotAt(access, asked);
  const rule = ruleOf(access, asked);
  return (
    <section class="question" id="question" aria-label="Question" tabIndex={-1}>
      <Head desk={desk} />
      {spot === undefined || rule === undefined ? (
        <Empty icon="lock" title="Not yours to ask">
          No rule answers {asked.method} of {asked.resource} for you.
        </Empty>
      ) : (
        <div class="parts">
          {rule.params.length > 0 && <Parameters desk={desk} names={rule.params} />}
          {takesBody(asked.method) && <BodyPart desk={desk} spot={spot} />}
          {isWrite(asked.method) && <WritingPart desk={desk} rule={rule} />}
          {asked.aggregate !== undefined && rule.aggregate !== undefined ? (
            <Numbers desk={desk} path={[]} spot={spot} aggregate={rule.aggregate} />
          ) : (
            <Place desk={desk} path={[]} spot={spot} />
          )}
          {!isWrite(asked.method) && <PagePart desk={desk} path={[]} spot={spot} />}
        </div>
      )}
    </section>
  );
}

function Head({ desk }: { readonly desk: Desk }) {
  const { access, asked, edit } = desk;
  const rule = ruleOf(access, asked);
  return (
    <>
      <header class="head title">
        <h2>{asked.resource}</h2>
        <span class="gap" />
        <ScopeChoice desk={desk} />
      </header>
      <div class="head">
        <Choice
          label="Method"
          options={methodsOf(access, asked.resource).map((method): [Method, string] => [method, method])}
          chosen={asked.method}
          onChoose={(method) =>
            edit((question) => fitting(access, setMethod(question, method, rule?.params)))
          }
        />
        <span class="gap" />
        {rule?.aggregate !== undefined && !isWrite(asked.method) && (
          <Choice
            label="What is answered"
            options={[
              ["rows", "Rows"],
              ["numbers", "Numbers"],
            ]}
            chosen={asked.aggregate === undefined ? "rows" : "numbers"}
            onChoose={(what) => edit(what === "rows" ? toRows : toNumbers)}
          />
        )}
      </div>
    </>
  );
}

/** What the rule of another method does not let be asked is left: the scope, relations and counts. */
function fitting(access: Access, question: Asked): Asked {
  const asked = ruleOf(access, question) === undefined ? setScope(question, undefined) : question;
  const { relations = {} } = spotAt(access, asked) ?? {};
  const { with: loaded, count } = nodeAt(asked);
  const lost = (wishes: unknown): readonly string[] =>
    Object.entries(isPlain(wishes) ? wishes : {})
      .filter(([name, wish]) => relations[relationIn(name, wish)] === undefined)
      .map(([name]) => name);
  const without = lost(loaded).reduce((left, name) => toggleRelation(left, [], name), asked);
  return lost(count).reduce((left, name) => toggleCount(left, [], name), without);
}

/** Whose rows are meant, where there is a choice. */
function ScopeChoice({ desk: { access, asked, edit } }: { readonly desk: Desk }) {
  const scopes = scopesOf(access, asked.resource, asked.method);
  if (scopes.length < 2) return null;
  return (
    <label>
      <span class="unseen">Scope</span>
      <select
        class="button tiny"
        value={asked.scope ?? ""}
        onChange={({ currentTarget }) => {
          const scope = scopes.find((name) => name === currentTarget.value);
          edit((question) => setScope(question, scope));
        }}
      >
        {scopes.map((scope) => (
          <option key={scope ?? ""} value={scope ?? ""}>
            {NAMES[scope ?? ""]}
          </option>
        ))}
      </select>
    </label>
  );
}

const NAMES: Readonly<Record<Scope | "", string>> = {
  "": "all I may see",
  mine: "mine",
  guest: "as a guest",
  "mine|guest": "mine, or as a guest",
};

/** What the resource itself asks of its clients. */
function Parameters({ desk, names }: { readonly desk: Desk; readonly names: readonly string[] }) {
  const { asked, edit } = desk;
  return (
    <Part title="Parameters" refused={refusedParameter(desk, ...names)}>
      <div class="numbers">
        {names.map((name) => (
          <label key={name}>
            <span>{name}</span>
            <input
              class="field"
              value={asked.parameters[name] ?? ""}
              onInput={({ currentTarget }) => {
                const text = currentTarget.value;
                edit((question) => setParameter(question, name, text === "" ? undefined : text));
              }}
            />
          </label>
        ))}
      </div>
    </Part>
  );
}
