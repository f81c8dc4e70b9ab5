export {
  type ExampleObject,
  type JSONSchema,
  type MediaObject,
  openapi,
  type OpenAPIDocument,
  type OpenAPIInfo,
  type OpenAPIOptions,
  type OperationObject,
  type ParameterObject,
  type ResponseObject,
  type RouteFeatures,
  type ServerObject,
} from "./openapi/openapi.ts";
