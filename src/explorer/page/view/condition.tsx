import {
  type AccessColumn,
  columnAt,
  columnsFor,
  COUNT_OPERATORS,
  figuresOf,
  operandOf,
  operatorsOf,
  ruleOf,
} from "../model/access.ts";
import { changeCondition } from "../model/edit.ts";
import { type Condition as ConditionClause, type Counted, keyOf } from "../model/filter.ts";
import { operandFor, startOf } from "../operand.ts";
import { Pick } from "./controls.tsx";
import { type FilterProps, Remove, valueOf } from "./filter-tools.tsx";
import { Operand } from "./operand.tsx";

/** A number that rows come to, or how many there are. */
const NUMBER: AccessColumn = { kind: "number", nullable: false };
const COUNT: AccessColumn = { kind: "integer", nullable: false };

/** A column that is compared. */
export function Condition({ clause, ...props }: FilterProps & { readonly clause: ConditionClause }) {
  const { desk, path, spot, of } = props;
  const { column: name, operator, value, at } = clause;
  const known = of === "having" ? figureFacts(props, name) : columnAt(desk.access, spot, name);
  const column = known ?? NUMBER;
  const change = (next: string, word: string, operand: unknown): void =>
    desk.edit((asked) => changeCondition(asked, path, at, keyOf(next, word), operand, of));
  const pickColumn = (next: string): void => {
    const [end, start] = startOf(of === "having" ? undefined : columnAt(desk.access, spot, next));
    change(next, end === "" ? "eq" : end.slice(1), start);
  };
  return (
    <div class="line">
      <Pick label="Column" chosen={name} options={withChosen(namesFor(props), name)} onPick={pickColumn} />
      <Pick
        label={`Operator for ${name}`}
        look="field short"
        chosen={operator}
        options={operatorsFor(props, column, operator)}
        onPick={(word) => change(name, word, operandFor(word, value))}
      />
      <Operand
        label={`${name} ${operator}`}
        operand={operandOf(operator)}
        column={column}
        value={value}
        onChange={(next) => change(name, operator, next)}
      />
      <Remove {...props} at={at} label={`Remove the condition on ${name}`} />
    </div>
  );
}

const withChosen = (names: readonly string[], chosen: string): readonly string[] =>
  names.includes(chosen) ? names : [chosen, ...names];

/** Of `max.publishedAt` a moment, of all others a number. */
function figureFacts({ desk }: FilterProps, name: string): AccessColumn {
  const [figure, column = ""] = name.split(".");
  const kind = ruleOf(desk.access, desk.asked)?.aggregate?.columns[column]?.kind;
  return (figure === "min" || figure === "max") && kind !== undefined ? { kind, nullable: true } : NUMBER;
}

function namesFor({ desk, spot, of }: FilterProps): readonly string[] {
  if (of !== "having") return columnsFor("filterable", desk.access, spot).map(({ path }) => path);
  return figuresOf(ruleOf(desk.access, desk.asked)?.aggregate ?? { count: false, columns: {} });
}

/** The same by other names is offered once. */
const ALIASES: ReadonlySet<string> = new Set(["inArray", "notInArray"]);

function operatorsFor({ desk, of }: FilterProps, column: AccessColumn, now: string): readonly string[] {
  const all = of === "having" ? COUNT_OPERATORS : operatorsOf(desk.access, column);
  return withChosen(
    all.filter((word) => !ALIASES.has(word)),
    now,
  );
}

/** How many rows of a relation there are. */
export function Counting({ clause, ...props }: FilterProps & { readonly clause: Counted }) {
  const { desk, path, of } = props;
  const { relation, operator, value, at, clauses } = clause;
  const change = (word: string, next: unknown): void => {
    const counted = { where: valueOf(props, [...at, "where"]), [word]: next };
    const [key, operand] =
      clauses.length === 0 ? [`${relation}.count.${word}`, next] : [`${relation}.count`, counted];
    desk.edit((asked) => changeCondition(asked, path, at, key, operand, of));
  };
  return (
    <div class="line">
      <span class="name">{relation} count</span>
      <Pick
        label={`Operator for the count of ${relation}`}
        look="field short"
        chosen={operator}
        options={COUNT_OPERATORS}
        onPick={(word) => change(word, operandFor(word, value))}
      />
      <Operand
        label={`${relation} count ${operator}`}
        operand={operandOf(operator)}
        column={COUNT}
        value={value}
        onChange={(next) => change(operator, next)}
      />
      {clauses.length > 0 && <span class="aside">of those that fit a filter</span>}
      <Remove {...props} at={at} label={`Remove the count of ${relation}`} />
    </div>
  );
}
