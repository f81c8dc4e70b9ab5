import type { Method, Scope } from "../../../../client/options.ts";
import { METHOD_OF, traitsOf } from "../../../request/method.ts";
import { encodeURLValue } from "../../../rjson/rjson.ts";
import { compact, isPlain } from "./notation.ts";
import type { Versions } from "./versions.ts";

export type { Method, Scope };

/** A map as RJSON and JSON carry it. */
export type Plain = Readonly<Record<string, unknown>>;

/**
 * A question, or a write: the one source of truth of the page. Every form is written from it and read back into it. It has
 * a `select` or an `aggregate`, or neither, and none that is empty.
 */
export interface Asked {
  readonly method: Method;
  readonly resource: string;
  readonly scope?: Scope;
  /** What else stands in the URL, as it stands there: flags (`countTotal: ""`, or `"F"`), `onConflict`, declared ones. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The selector in the engine's own words. */
  readonly select?: Plain;
  /** Asks for numbers about rows instead of rows. */
  readonly aggregate?: Plain;
  /** What a POST or PATCH sends. */
  readonly body?: unknown;
  /** The versions that rows must have for a PATCH or DELETE to be done. */
  readonly ifVersion?: Versions;
  /** Whether a write is only tried out: done, answered, and taken back. */
  readonly dryRun?: true;
}

/** Where a route answers. */
export interface Place {
  /** As `http://localhost:4000`. */
  readonly origin: string;
  /** The path before a resource's name: `/query`, or nothing. */
  readonly base: string;
}

/** A question of a resource, and nothing more. */
export const asked = (resource: string, method: Method = METHOD_OF.read): Asked => ({
  method,
  resource,
  parameters: {},
});

/** Where the route is that answered this page: what stands in its address before its own name. */
export function placeOf({ origin, pathname }: { readonly origin: string; readonly pathname: string }): Place {
  const path = pathname.endsWith("/") ? pathname.slice(0, -1) : pathname;
  return { origin, base: path.slice(0, path.lastIndexOf("/")) };
}

/** Whether a method sends a body. */
export const takesBody = (method: Method): boolean => ["insert", "update"].includes(traitsOf(method).action);

/** Whether a method looks at the versions of rows. */
const takesVersions = (method: Method): boolean => ["update", "delete"].includes(traitsOf(method).action);

/** Whether a method may change rows. */
export const isWrite = (method: Method): boolean => traitsOf(method).writes;

/** The same in its one form: nothing that is undefined or empty, and nothing that its method does not send. */
export function normal(question: Asked): Asked {
  const { method, resource, scope, parameters, select, aggregate, body, ifVersion, dryRun } = question;
  return {
    method,
    resource,
    ...(scope !== undefined && { scope }),
    parameters,
    ...(isFilled(select) && aggregate === undefined && { select }),
    ...(aggregate !== undefined && { aggregate }),
    ...(body !== undefined && takesBody(method) && { body }),
    ...(ifVersion !== undefined && takesVersions(method) && { ifVersion }),
    ...(dryRun !== undefined && isWrite(method) && { dryRun }),
  };
}

const isFilled = (part: Plain | undefined): part is Plain =>
  part !== undefined && Object.keys(part).length > 0;

/** The query of a question's URL, with its question mark where there is one. */
function searchOf({ scope, parameters, select, aggregate }: Asked): string {
  const pairs = [
    ...(scope === undefined ? [] : [[scope, ""] as const]),
    ...Object.entries(parameters),
    ...(isFilled(select) ? [["select", compact(select)] as const] : []),
    ...(aggregate === undefined ? [] : [["aggregate", compact(aggregate)] as const]),
  ];
  const written = pairs.map(([name, value]) => encoded(name) + (value === "" ? "" : `=${encoded(value)}`));
  return written.length === 0 ? "" : `?${written.join("&")}`;
}

/** What no URL can hold is replaced. A quote that is encoded need not be escaped anywhere. */
const encoded = (text: string): string => encodeURLValue(text.toWellFormed()).replaceAll("'", "%27");

/** The path of a question, with its query. */
export const pathOf = (question: Asked, { base }: Pick<Place, "base">): string =>
  `${base}/${encodeURIComponent(question.resource.toWellFormed())}${searchOf(question)}`;

/** The URL of a question. */
export const urlOf = (question: Asked, place: Place): string => place.origin + pathOf(question, place);

/** What is wrong with a text that was edited. */
export interface Problem {
  readonly message: string;
  readonly hint?: string;
  /** The character of the text where it is wrong, from 0. */
  readonly at?: number;
}

/** Thrown inside the model for a text that cannot be read; `forms.ts` answers it as a `Problem`. */
export class Misread extends Error {
  readonly hint: string | undefined;
  readonly at: number | undefined;
  constructor(message: string, at?: number, hint?: string) {
    super(message);
    this.at = at;
    this.hint = hint;
  }
}

/** The same as data. */
export const problemOf = ({ message, hint, at }: Misread): Problem => ({
  message,
  ...(hint !== undefined && { hint }),
  ...(at !== undefined && { at }),
});

/** @throws Misread for what is no map. */
export function plainOf(value: unknown, name: string, at?: number): Plain {
  if (isPlain(value)) return value;
  throw new Misread(
    `\`${name}\` takes a map`,
    at,
    `write ${name === "aggregate" ? "(count:T)" : "(limit:10)"}`,
  );
}
