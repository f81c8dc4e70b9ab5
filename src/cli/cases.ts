import { differences } from "./difference.ts";
import { Failure } from "./command.ts";

/** A request, and what it is to be answered. */
export interface Case {
  readonly name?: string;
  /** Who asks, by a name of `callers`; a guest without. */
  readonly as?: string;
  /** As `GET /query/posts?mine`. */
  readonly request: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** 200 where it is not said. */
  readonly status?: number;
  readonly code?: string;
  /** The rows that come back, in their order, by the members that are named here. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  /** The members that each row has, and no other. */
  readonly columns?: readonly string[];
  /** The whole answer. */
  readonly answer?: unknown;
}

/** What a file of cases holds. */
export interface Cases {
  /** What the tables hold before each case, in the order in which it is put there. */
  readonly rows?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly callers?: Readonly<
    Record<string, { readonly role?: string | readonly string[]; readonly context?: object }>
  >;
  readonly cases: readonly Case[];
}

/** What is answered. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

const KEYS = new Set([
  "name",
  "as",
  "request",
  "body",
  "headers",
  "status",
  "code",
  "rows",
  "columns",
  "answer",
]);

/** @throws Failure for what is no file of cases: a case that says nothing of what it means would pass for ever. */
export function readCases(value: unknown, file: string): Cases {
  const { cases, callers = {}, rows = {} } = (isMap(value) ? value : {}) as Partial<Cases>;
  if (!Array.isArray(cases)) throw new Failure(`${file}: expected { "cases": […] }`);
  if (!isMap(callers) || !Object.values(callers).every(isMap))
    throw new Failure(`${file}: callers: expected { "ann": { "role": …, "context": … } }`);
  if (!isMap(rows) || !Object.values(rows).every((list) => Array.isArray(list) && list.every(isMap)))
    throw new Failure(`${file}: rows: expected { "<table>": [{ … }] }`);
  for (const [index, one] of (cases as Case[]).entries()) {
    const path = `${file}: cases[${index}]`;
    if (typeof one?.request !== "string")
      throw new Failure(`${path}.request: expected a text as "GET /query/posts"`);
    const strange = Object.keys(one).find((key) => !KEYS.has(key));
    if (strange !== undefined)
      throw new Failure(`${path}: there is no \`${strange}\` (it takes ${[...KEYS].join(", ")})`);
    if (one.as !== undefined && !Object.hasOwn(callers, one.as))
      throw new Failure(`${path}.as: there is no caller \`${one.as}\``);
  }
  return { cases: cases as readonly Case[], callers, rows };
}

/** How an answer differs from what a case says of it; nothing where it does not. */
export function judge(
  { status = 200, code, rows, columns, answer }: Case,
  resource: string,
  found: Answered,
): readonly string[] {
  const { body } = found;
  const told = isMap(body) ? body : {};
  if (found.status !== status)
    return [
      ...differences(status, found.status, "status"),
      ...(typeof told["error"] === "string" ? [`  ${told["error"]}`] : []),
    ];
  const list = listOf(told[resource]);
  return [
    ...(code === undefined ? [] : differences(code, told["code"], "code")),
    ...(rows === undefined
      ? []
      : differences(
          rows,
          list.map((row, index) => picked(row, rows[index])),
          resource,
        )),
    ...(columns === undefined
      ? []
      : list.flatMap((row, index) => columnsOf(row, columns, `${resource}[${index}]`))),
    ...(answer === undefined ? [] : differences(answer, body)),
  ];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** The members of a row that are asked about; all of one that nobody expects. */
function picked(row: unknown, expected: Readonly<Record<string, unknown>> | undefined): unknown {
  if (!isMap(row) || expected === undefined) return row;
  return Object.fromEntries(Object.keys(expected).map((name) => [name, row[name]]));
}

function columnsOf(row: unknown, columns: readonly string[], path: string): readonly string[] {
  const names = isMap(row) ? Object.keys(row) : [];
  const missing = columns.filter((name) => !names.includes(name));
  const strange = names.filter((name) => !columns.includes(name));
  return [...missing.map((name) => `- ${path}: ${name}`), ...strange.map((name) => `+ ${path}: ${name}`)];
}
