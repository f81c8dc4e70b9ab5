import { METHOD_OF } from "../request/request.ts";
import type { JSONSchema, MediaObject, OpenAPIDocument } from "./document.ts";
import { errorOf, refusalsOf } from "./errors.ts";
import type { Ground } from "./operation.ts";
import { PATCH } from "./patch.ts";

const TEXT: JSONSchema = { type: "string" };
const STREAM = "text/event-stream";
const SAID = "events, of which `data` is JSON; a line that begins with a colon says nothing";

/** What a stream says of an answer that is kept true, by the names of its events. */
const eventsOf = (answer: JSONSchema): Readonly<Record<string, JSONSchema>> => ({
  answer,
  patch: PATCH,
  same: { description: "nothing: the answer is the one that is known" },
  end: { description: "the refusal, after which the stream is closed", ...errorOf(TEXT) },
});

/** An answer that is kept true. */
export const streamOf = (answer: JSONSchema): Readonly<Record<string, MediaObject>> => ({
  [STREAM]: { schema: { ...TEXT, description: SAID }, "x-events": eventsOf(answer) },
});

/** The path that takes lists of questions whose answers are kept true. */
export function livePath(most: number, { telling, components }: Ground): OpenAPIDocument["paths"] {
  const name = "$live";
  const question: JSONSchema = {
    type: "object",
    properties: {
      key: { ...TEXT, minLength: 1, maxLength: 64, description: "what the events of its answer carry" },
      url: { ...TEXT, description: "that of a GET: its last segment and its query count" },
      last: { type: ["string", "null"], description: "the id of the answer that is known" },
    },
    required: ["key", "url"],
    additionalProperties: false,
  };
  const schema: JSONSchema = { type: "array", items: question, minItems: 1, maxItems: most };
  const keyed = (data: JSONSchema): JSONSchema => ({
    type: "object",
    properties: { key: TEXT, data },
    required: ["key"],
  });
  const events = Object.entries(eventsOf({ description: "the body of the GET" }));
  const media: MediaObject = {
    schema: { ...TEXT, description: SAID },
    "x-events": Object.fromEntries(events.map(([event, data]) => [event, keyed(data)])),
  };
  return {
    [`/${name}`]: {
      [METHOD_OF.insert.toLowerCase()]: {
        operationId: components.nameOf(`${METHOD_OF.insert.toLowerCase()}_${name}`),
        summary: "Keeps the answers of questions true, in one stream",
        tags: [name],
        parameters: [],
        requestBody: { required: true, content: { "application/json": { schema } } },
        responses: {
          200: { description: "what becomes of the answers", content: { [STREAM]: media } },
          ...refusalsOf("insert", { ...telling, keys: false }, components),
        },
      },
    },
  };
}
