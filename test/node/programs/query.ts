import { createQueryHandler } from "@bepalo/query";
import { acl } from "../support/acl";
import { openDatabase } from "../support/database";
import * as postgresql from "../support/postgresql";
import * as sqlite from "../support/sqlite";

const { database, schema } = await openDatabase({ sqlite, postgresql });

export const query = createQueryHandler({
  acl,
  database,
  schema,
  onError: console.error,
  onWarning: () => undefined, // everybody may write here
});
