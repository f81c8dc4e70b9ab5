import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  type AccessColumn,
  askedOf,
  columnsFor,
  COUNT_OPERATORS,
  figuresOf,
  FUNCTIONS,
  groupsOf,
  methodsOf,
  operandOf,
  operatorsOf,
  type Path,
  QUANTIFIERS,
  relationSpot,
  relationsOf,
  ruleOf,
  scopesOf,
  type Spot,
  spotAt,
} from "../../../src/explorer/page/model/access.ts";
import { suggest } from "../../../src/explorer/page/model/complete.ts";
import * as edit from "../../../src/explorer/page/model/edit.ts";
import { clausesOf, conditionsIn, keyOf } from "../../../src/explorer/page/model/filter.ts";
import { read, write } from "../../../src/explorer/page/model/forms.ts";
import { isPlain } from "../../../src/explorer/page/model/notation.ts";
import { type Member, outlineOf, type Piece } from "../../../src/explorer/page/model/outline.ts";
import { rangeIn, refusedIn } from "../../../src/explorer/page/model/refusal.ts";
import { asked, type Asked, isWrite } from "../../../src/explorer/page/model/request.ts";
import { explanationIn } from "../../../src/explorer/page/model/explain.ts";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ONE_CHECKER } from "../../support/compiler.ts";
import { Dice } from "../../support/dice.ts";
import { type Caller, running, type Running } from "./sandbox.ts";

setDefaultTimeout(60_000);

const root = join(import.meta.dir, "../../..");

let sandbox: Running;
let callers: Readonly<Record<"guest" | "user" | "admin", Caller>>;
beforeAll(async () => {
  sandbox = await running();
  callers = {
    guest: await sandbox.caller(),
    user: await sandbox.caller("user@local.dev", "User@1234"),
    admin: await sandbox.caller("admin@local.dev", "Admin@1234"),
  };
});
afterAll(() => sandbox.stop());

/** A value that a column of a kind can be compared with. */
function valueFor({ kind, values, element }: AccessColumn, dice: Dice): unknown {
  if (values !== undefined) return dice.pick(values);
  switch (element ?? kind) {
    case "integer":
    case "number":
      return dice.between(0, 30);
    case "boolean":
      return dice.chance(0.5);
    case "date":
      return "2025-03-01T09:00:00.000Z";
    case "json":
      return { theme: "sea" };
    default:
      return dice.pick(["Fig", "it's", "a%"]);
  }
}

function operandFor(operator: string, column: AccessColumn, dice: Dice): unknown {
  switch (operandOf(operator)) {
    case "flag":
      return dice.chance(0.5);
    case "text":
      return dice.pick(["Fi", "%a%"]);
    case "list":
      return [valueFor(column, dice)];
    case "pair":
      return [valueFor(column, dice), valueFor(column, dice)];
    case "json":
      return { path: ["theme"], eq: "sea" };
    default:
      return valueFor(column, dice);
  }
}

/** Clicks at random what a builder offers. */
class Clicker {
  readonly #caller: Caller;
  readonly #dice: Dice;
  constructor(caller: Caller, seed: number) {
    this.#caller = caller;
    this.#dice = new Dice(seed);
  }

  /** A condition that fits a place. */
  condition(spot: Spot, depth = 1): readonly [string, unknown] | undefined {
    const { access } = this.#caller;
    const dice = this.#dice;
    const relations = relationsOf(spot);
    if (depth > 0 && relations.length > 0 && dice.chance(0.3)) {
      const { name, kind } = dice.pick(relations);
      if (kind === "many" && dice.chance(0.3)) {
        const operator = dice.pick(COUNT_OPERATORS);
        const value = operator === "in" ? [1, 2] : operator === "between" ? [0, 3] : dice.between(0, 4);
        return [`${name}.count.${operator}`, value];
      }
      const inner = relationSpot(access, spot, name);
      const condition = inner && this.condition(inner, depth - 1);
      return condition && [`${name}.${dice.pick(QUANTIFIERS[kind])}`, { [condition[0]]: condition[1] }];
    }
    const columns = columnsFor("filterable", access, spot, depth).filter(
      ({ column }) => operatorsOf(access, column).length > 0,
    );
    if (columns.length === 0) return undefined;
    const { path, column } = dice.pick(columns);
    const operator = dice.pick(operatorsOf(access, column));
    return [keyOf(path, operator), operandFor(operator, column, dice)];
  }

  #filter(question: Asked, path: Path, spot: Spot): Asked {
    const condition = this.condition(spot);
    if (condition === undefined || !spot.takes.includes("where")) return question;
    const before = conditionsIn(edit.filterAt(question, path));
    const next = edit.addCondition(question, path, [], ...condition);
    expect(conditionsIn(edit.filterAt(next, path))).toBe(before + 1);
    return this.#dice.chance(0.2) ? edit.joinConditions(next, path, [], "OR") : next;
  }

  /** One click at a place. */
  step(question: Asked, path: Path, spot: Spot): Asked {
    const { access } = this.#caller;
    const dice = this.#dice;
    const takes = (key: string): boolean => (spot.takes as readonly string[]).includes(key);
    const names = Object.keys(spot.columns).filter((name) => spot.columns[name]!.readable === true);
    const kind = dice.between(0, 6);
    if (kind === 0 && names.length > 1) return edit.toggleColumn(question, path, dice.pick(names), names);
    if (kind <= 2) return this.#filter(question, path, spot);
    if (kind === 3 && takes("orderBy")) {
      const sortable = columnsFor("sortable", access, spot, 1);
      return sortable.length === 0 ? question : edit.cycleOrder(question, path, dice.pick(sortable).path);
    }
    if (kind === 4 && takes("limit")) return edit.setLimit(question, path, dice.between(1, 3));
    if (kind === 5 && takes("count")) {
      const lists = relationsOf(spot, "many").filter(({ relation }) => relation.takes.includes("count"));
      return lists.length === 0 ? question : edit.toggleCount(question, path, dice.pick(lists).name);
    }
    const relations = relationsOf(spot);
    if (!takes("with") || relations.length === 0) return question;
    const { name } = dice.pick(relations);
    const loaded = edit.hasRelation(question, path, name)
      ? question
      : edit.toggleRelation(question, path, name);
    const inside = spotAt(access, loaded, [...path, name]);
    return inside === undefined ? loaded : this.step(loaded, [...path, name], inside);
  }

  numbers(question: Asked): Asked {
    const { access } = this.#caller;
    const dice = this.#dice;
    const numbers = ruleOf(access, question)!.aggregate!;
    let next = edit.toNumbers(question);
    if (!numbers.count) next = edit.setCountRows(next, false);
    for (const [name, { functions }] of Object.entries(numbers.columns))
      for (const figure of FUNCTIONS)
        if (functions.includes(figure) && figure !== "count" && dice.chance(0.2))
          next = edit.toggleFunction(next, figure, name);
    const groups = groupsOf(numbers);
    if (groups.length > 0 && dice.chance(0.6))
      next = edit.setGroups(next, dice.some(groups, 0.2).slice(0, 2));
    if (edit.groupsAt(next).length > 0) {
      next = edit.cycleOrder(next, [], dice.pick(figuresOf(numbers)));
      if (numbers.count) next = edit.addCondition(next, [], [], "count.gte", 1, "having");
    }
    return next;
  }

  /** A write of what may be written, to rows that are chosen by what may be asked. */
  change(): Asked | undefined {
    const { access } = this.#caller;
    const dice = this.#dice;
    const resource = dice.pick(Object.keys(access.resources));
    const writes = methodsOf(access, resource).filter(isWrite);
    if (writes.length === 0) return undefined;
    const method = dice.pick(writes);
    const scope = dice.pick(scopesOf(access, resource, method));
    let question = edit.setScope(askedOf(access, resource, method), scope);
    const spot = spotAt(access, question)!;
    for (let click = dice.between(1, 3); click > 0; click--) question = this.step(question, [], spot);
    const writable = Object.entries(spot.columns).filter(([, { writable: may }]) => may === true);
    const chosen = writable.filter(([, { required }]) => required === true || dice.chance(0.5));
    return edit.setBody(
      question,
      Object.fromEntries(chosen.map(([name, column]) => [name, valueFor(column, dice)])),
    );
  }

  asked(): Asked | undefined {
    const { access } = this.#caller;
    const dice = this.#dice;
    const readable = Object.keys(access.resources).filter(
      (name) => ruleOf(access, { method: "GET", resource: name }) !== undefined,
    );
    let question = askedOf(access, dice.pick(readable));
    question = edit.setScope(question, dice.pick(scopesOf(access, question.resource, "GET")));
    const clicks = dice.between(1, 6);
    for (let click = 0; click < clicks; click++)
      question = this.step(question, [], spotAt(access, question)!);
    return ruleOf(access, question)!.aggregate !== undefined && dice.chance(0.4)
      ? this.numbers(question)
      : question;
  }
}

/** What a rule may forbid beyond what is looked up, and bounds that a random question surpasses. */
const BEYOND = [
  "too-complex",
  "depth-exceeded",
  "limit-exceeded",
  "capability-forbidden",
  "too-large-answer",
];

/** The keys of a text, with where they stand. */
const keysIn = (piece: Piece | undefined): readonly Member[] =>
  (piece?.members ?? []).flatMap((member) => [
    ...(typeof member.step === "string" ? [member] : []),
    ...keysIn(member.value),
  ]);

describe.each(["guest", "user", "admin"] as const)("a %s", (name) => {
  test("may ask whatever is clicked together of what his access offers", async () => {
    const answered = new Map<number | string, number>();
    for (let seed = 1; seed <= 120; seed++) {
      const question = new Clicker(callers[name], seed).asked();
      if (question === undefined) continue;
      const answer = await callers[name].send(question);
      const refused = refusedIn(answer);
      const what = { seed, url: write("url", question, sandbox.place), refused };
      if (refused !== undefined && !BEYOND.includes(refused.code) && !asksForFilter(question))
        expect(what).toEqual({ ...what, refused: undefined });
      const key = refused?.code ?? answer.status;
      answered.set(key, (answered.get(key) ?? 0) + 1);
    }
    expect(answered.get(200)!).toBeGreaterThan(60);
  });

  /** Whether a rule wants a filter, which chance may not have made. */
  const asksForFilter = (question: Asked): boolean =>
    ruleOf(callers[name].access, question)?.requireWhere !== undefined;

  test("may write whatever is clicked together of what his access offers", async () => {
    const { access } = callers[name];
    const explained = new Map<string, number>();
    for (let seed = 1; seed <= 60; seed++) {
      const question = new Clicker(callers[name], seed).change();
      if (question === undefined) continue;
      const told = explanationIn(await callers[name].explain(question))!;
      const code = told.refused?.code ?? "explained";
      explained.set(code, (explained.get(code) ?? 0) + 1);
      if (code === "explained" || BEYOND.includes(code)) continue;
      const demands = ruleOf(access, question)?.requireWhere !== undefined;
      // Whose row it is, and what an author's own validator asks, no access tells.
      expect({ seed, question, told: told.refused, demands }).toMatchObject(
        demands
          ? { demands }
          : { told: { code: expect.stringMatching(/^(?:forbidden|check-failed|not-found|invalid-body)$/) } },
      );
    }
    expect(explained.get("explained")!).toBeGreaterThan(10);
  });

  test("is offered, where he types, every key of what he may click", () => {
    const { access } = callers[name];
    for (let seed = 1; seed <= 120; seed++) {
      const question = new Clicker(callers[name], seed).asked()!;
      const text = write("rjson", question, sandbox.place);
      for (const { step, keyStart, keyEnd } of keysIn(outlineOf(text))) {
        const key = String(step);
        // The operators of a relation or a column come once its name stands there.
        const typed = key.includes(".") ? key.slice(0, key.lastIndexOf(".") + 1) : "";
        const before = text.slice(0, keyStart) + typed;
        const found = suggest(before + text.slice(keyEnd), before.length, access, question);
        const labels = found?.items.map(({ label }) => label) ?? [];
        if (["path", "eq", "theme"].includes(key)) continue; // inside of documents
        expect({ seed, text, key, offers: labels.includes(key) || labels.includes(`${key}.eq`) }).toEqual({
          seed,
          text,
          key,
          offers: true,
        });
      }
    }
  });

  test("sees each condition of a filter as what it is, with the place by which it is taken away again", () => {
    const { access } = callers[name];
    for (let seed = 1; seed <= 120; seed++) {
      const question = new Clicker(callers[name], seed).asked()!;
      const where = edit.filterAt(question, []);
      const clauses = clausesOf(access, spotAt(access, question), where);
      let left = question;
      for (const clause of clauses.toReversed()) {
        if (clause.kind === "condition") {
          const column = columnsFor("filterable", access, spotAt(access, question)!, 3).find(
            ({ path }) => path === clause.column,
          );
          expect(column).toBeDefined();
          expect(operatorsOf(access, column!.column)).toContain(clause.operator);
        }
        left = edit.removeCondition(left, [], clause.at);
      }
      expect(edit.filterAt(left, [])).toBeUndefined();
    }
  });
});

test("the typed client takes what is clicked together, as code", async () => {
  const folder = mkdtempSync(join(tmpdir(), "explorer-code-"));
  const calls = Array.from({ length: 60 }, (_, seed) => new Clicker(callers.user, seed + 1).asked()!).map(
    (question) => write("client", question, sandbox.place),
  );
  const { compilerOptions } = (await import("../../../tsconfig.json")).default;
  const paths = Object.entries(compilerOptions.paths).map(([name, files]) => [
    name,
    files.map((file) => join(root, file)),
  ]);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { paths: Object.fromEntries(paths) },
      include: ["*.ts"],
    }),
  );
  const begin = `import { createQueryClient } from "@bepalo/query/client";
import type { Api } from "@/page/api";
const api = createQueryClient<Api>();`;
  writeFileSync(join(folder, "code.ts"), [begin, ...calls].join("\n"));
  const tsc = [join(root, "node_modules/.bin/tsc"), "-p", folder, ...ONE_CHECKER];
  const compiler = Bun.spawn(tsc, { stdout: "pipe" });
  const complaints = await new Response(compiler.stdout).text();
  rmSync(folder, { recursive: true, force: true });
  expect(complaints).toBe("");
}, 120_000);

describe("a refusal is shown where it belongs", () => {
  test.each([
    ["(columns:~T(name,colour)~)", "colour"],
    ["(where:(name.startWith:'P'))", "startWith"],
    ["(where:(sweetness.gt:'very'))", "sweetness.gt:'very'"],
    ["(where:(AND:_((sweetness.gt:1),(sourness.lt:'x'))_))", "sourness.lt:'x'"],
    ["(where:_((name:Fig),(sweetness.between:_(1,'x')_))_)", "'x'"],
    ["(where:(nothing:1),limit:2)", "nothing"],
    ["(orderBy:(sweetness:down))", "sweetness:down"],
    ["(limit:-1)", "limit"],
    ["(limit:5000)", "limit:5000"],
    ["(with:(baskets:T))", "baskets"],
    ["(with:(basket:(columns:~T(naem)~)))", "naem"],
    ["(where:(basket.is:(capacity.lt:'x')))", "capacity.lt:'x'"],
    ["(colums:~T(name)~)", "colums"],
  ])("%s: %s", async (text, expected) => {
    const before = asked("fruits");
    const back = read("rjson", text, before);
    if (!("asked" in back)) throw new Error(back.problem.message);
    const refused = refusedIn(await callers.guest.send(back.asked))!;
    expect(refused.status).toBe(400);
    const range = rangeIn(text, back.asked, refused)!;
    expect({ refused, at: text.slice(range.from, range.to) }).toEqual({ refused, at: expected });
  });
});

test("what is offered is what may stand there, written so that one types on", () => {
  const { access } = callers.guest;
  const at = (typed: string, question = asked("fruits")) => {
    const caret = typed.indexOf("|");
    const found = suggest(typed.replace("|", ""), caret, access, question);
    return found?.items.map(({ label }) => label) ?? [];
  };
  expect(at("(|)")).toContain("where");
  expect(at("(whe|)")).toEqual(["where"]);
  expect(at("(columns:~T(na|)~)")).toEqual(["name"]);
  expect(at("(columns:~T(name,|)~)")).not.toContain("name");
  expect(at("(where:(sweetness.|)")).toContain("sweetness.gte");
  expect(at("(where:(sweetness.|)")).not.toContain("sweetness.like");
  expect(at("(where:(basket.|)")).toEqual(
    expect.arrayContaining(["basket.name", "basket.is", "basket.isNot"]),
  );
  expect(at("(where:(basket.is:(cap|")).toEqual(["capacity"]);
  expect(at("(orderBy:(name:|)")).toContain("desc");
  expect(at("(with:(b|)")).toEqual(["basket"]);
  expect(at("(with:(x:(|)")).toEqual(["relation"]);
  expect(at("(with:(x:(relation:basket,columns:~T(na|")).toEqual(["name"]);
  expect(at("(where:(name.isNull:|)")).toEqual(["T", "F"]);
  expect(at("(where:(hidden:|)")).toEqual([]);
  const numbers: Asked = { ...asked("fruits"), aggregate: {} };
  expect(at("(av|)", numbers)).toEqual(["avg"]);
  expect(at("(avg:~T(sw|", numbers)).toEqual(["sweetness"]);
  expect(at("(groupBy:_(|", numbers).length).toBeGreaterThan(0);
  expect(at("(groupBy:_(sweetness)_,having:(count.|", numbers)).toContain("count.gte");
  const found = suggest("(whe", 4, access, asked("fruits"))!;
  expect(found).toMatchObject({ from: 1, to: 4, items: [{ insert: "where:()", caret: 7 }] });
  expect(isPlain(found.items[0])).toBe(true);
});
