import { readClient, writeClient } from "./client-code.ts";
import { readCurl, writeCurl } from "./curl.ts";
import { readHTTP, writeHTTP } from "./http.ts";
import { pretty, readNotation } from "./notation.ts";
import { readURL } from "./query.ts";
import {
  type Asked,
  Misread,
  normal,
  type Place,
  plainOf,
  type Problem,
  problemOf,
  urlOf,
} from "./request.ts";

/** The forms of a question, in the order of their tabs. */
export const FORMS = ["rjson", "url", "curl", "client", "http"] as const;
export type Form = (typeof FORMS)[number];

/** What came of a text: a question, or what is wrong with it. */
export type Read = { readonly asked: Asked } | { readonly problem: Problem };

/** A form of a question, and back. */
interface Notation {
  write(question: Asked, place: Place): string;
  /** @throws Misread. */
  read(text: string, before: Asked): Asked;
}

const NOTATIONS: Readonly<Record<Form, Notation>> = {
  rjson: { write: writeRJSON, read: readRJSON },
  url: { write: urlOf, read: readAddress },
  curl: { write: writeCurl, read: readCurl },
  client: { write: writeClient, read: readClient },
  http: { write: writeHTTP, read: readHTTP },
};

/**
 * Writes a question in a form. What a form does not say (RJSON nothing but `select` or `aggregate`, a URL neither method nor
 * body nor how it is done), it takes from `before` when it is read. No form holds who asks.
 */
export const write = (form: Form, question: Asked, place: Place): string =>
  NOTATIONS[form].write(question, place);

/** Reads a form back. What it never says stays as it was in `before`. */
export function read(form: Form, text: string, before: Asked): Read {
  try {
    return { asked: NOTATIONS[form].read(text, before) };
  } catch (error) {
    if (error instanceof Misread) return { problem: problemOf(error) };
    throw error;
  }
}

function writeRJSON({ select, aggregate }: Asked): string {
  if (aggregate !== undefined) return pretty(aggregate);
  return select === undefined || Object.keys(select).length === 0 ? "" : pretty(select);
}

function readRJSON(text: string, question: Asked): Asked {
  const { select: _, aggregate, ...before } = question;
  const name = aggregate === undefined ? "select" : "aggregate";
  if (text.trim() === "") return normal({ ...before, ...(aggregate !== undefined && { aggregate: {} }) });
  const found = readNotation(text);
  if ("unread" in found) throw new Misread(found.unread.message, found.unread.at);
  return normal({ ...before, [name]: plainOf(found.value, name, 0) });
}

function readAddress(text: string, { method, body, ifVersion, dryRun }: Asked): Asked {
  const from = text.length - text.trimStart().length;
  return normal({
    method,
    ...readURL(text.trim(), from),
    ...(body !== undefined && { body }),
    ...(ifVersion !== undefined && { ifVersion }),
    ...(dryRun !== undefined && { dryRun }),
  });
}
