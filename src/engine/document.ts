import type { OpenAPIInfo, RouteFeatures } from "../openapi/openapi.ts";
import type { Principal } from "../request/request.ts";
import type { Policies } from "./policies.ts";

/** What a document says that is no matter of rules. */
export type DocumentInfo = OpenAPIInfo & RouteFeatures;

/** The OpenAPI document of a caller, as JSON. Few routes have one, and who has none loads nothing of it. */
export async function document(
  policies: Policies,
  principal: Principal,
  info: DocumentInfo,
): Promise<string> {
  const { describeOpenAPI } = await import("../openapi/openapi.ts");
  return policies.told(principal, JSON.stringify(info), (view) =>
    JSON.stringify(describeOpenAPI(view, info)),
  );
}
