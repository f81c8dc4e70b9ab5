import acl, { tables } from "@/db/acl";
import * as schema from "@/db/schema";

/** What the commands of `npx @bepalo/query` are told of the sandbox. */
export { acl, schema, tables };
