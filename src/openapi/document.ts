/** A schema as JSON Schema 2020-12 writes it, as far as the documents of this room do. */
export interface JSONSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly contentEncoding?: string;
  readonly contentMediaType?: string;
  readonly contentSchema?: JSONSchema;
  readonly items?: JSONSchema;
  readonly properties?: Readonly<Record<string, JSONSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JSONSchema;
  readonly anyOf?: readonly JSONSchema[];
  readonly readOnly?: boolean;
  /** The kind of a column, as `$access` tells it. */
  readonly "x-kind"?: string;
  /** Whether the value is null on rows on which it is not let out. */
  readonly "x-masked"?: boolean;
}

/** A value that works, by itself or together with those of the same name beside it. */
export interface ExampleObject {
  readonly summary?: string;
  readonly value: unknown;
}

/** What a media type holds. */
export interface MediaObject {
  readonly schema: JSONSchema;
  readonly examples?: Readonly<Record<string, ExampleObject>>;
  /** Of a stream of events, what the data of each is. */
  readonly "x-events"?: Readonly<Record<string, JSONSchema>>;
}

/** What is sent. */
export interface RequestBodyObject {
  readonly required: true;
  readonly content: Readonly<Record<string, MediaObject>>;
}

/** How a question is asked that is too long for a URL. */
export interface QuestionInBody {
  readonly description: string;
  /** The headers that it needs, by the method that it is sent by. */
  readonly methods: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly requestBody: RequestBodyObject;
}

/** A parameter of a URL, or a header. */
export interface ParameterObject {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description?: string;
  readonly required?: boolean;
  readonly allowEmptyValue?: boolean;
  readonly schema: JSONSchema;
  readonly examples?: Readonly<Record<string, ExampleObject>>;
}

/** An answer. */
export interface ResponseObject {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JSONSchema }>>;
  readonly content?: Readonly<Record<string, MediaObject>>;
}

/** What one method does with a resource. */
export interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly ParameterObject[];
  readonly requestBody?: RequestBodyObject;
  readonly "x-question-in-body"?: QuestionInBody;
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

/** A server that answers. */
export interface ServerObject {
  readonly url: string;
  readonly description?: string;
}

/** An OpenAPI 3.1 document, as far as this package writes it. */
export interface OpenAPIDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly ServerObject[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JSONSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
  };
}
