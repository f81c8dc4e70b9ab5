import { createQueryHandler } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { acl } from "../support/acl";
import { openDatabase } from "../support/database";
import * as postgresql from "../support/postgresql";
import * as sqlite from "../support/sqlite";

const { database, schema } = await openDatabase({ sqlite, postgresql });

export const query = createQueryHandler({
  acl,
  database,
  schema,
  live: live(),
  onError: console.error,
  onWarning: () => undefined, // everybody may write here
});
