import { buildRegistry, type Registry } from "../policy/policy.ts";
import { type Catalog, readCatalog } from "../schema/schema.ts";
import { Failure } from "./command.ts";
import type { Api } from "./load.ts";

/** The rules of an application, and the tables that they are about. */
export interface Rules {
  readonly registry: Registry;
  readonly catalog: Catalog;
}

/** @throws Failure that names every mistake of the file. */
export function rulesOf({ acl, schema, defaults, tables }: Api): Rules {
  try {
    const catalog = readCatalog(schema);
    return { catalog, registry: buildRegistry(acl, catalog, defaults, tables) };
  } catch (error) {
    throw new Failure(error instanceof Error ? error.message : String(error));
  }
}
