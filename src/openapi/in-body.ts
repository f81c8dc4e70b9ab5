import { METHOD_OF, standingFor } from "../request/request.ts";
import type { ParameterObject, QuestionInBody } from "./document.ts";

/** How the question of these parameters is asked in a body, for which OpenAPI 3.1 has no word. */
export function inBody(parameters: readonly ParameterObject[]): QuestionInBody {
  const methods = Object.fromEntries(standingFor(METHOD_OF.read).map((name) => [name, {}]));
  const required = parameters.filter((parameter) => parameter.required === true).map(({ name }) => name);
  const schema = {
    type: "object",
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  return {
    description: "A question that is too long for a URL may be asked in a body, by one of these methods.",
    methods: { ...methods, [METHOD_OF.insert]: { "X-HTTP-Method-Override": METHOD_OF.read } },
    requestBody: { required: true, content: { "application/x-www-form-urlencoded": { schema } } },
  };
}
