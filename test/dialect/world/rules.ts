import type { ACL, AclEntry } from "@bepalo/query";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import type { Held } from "./held.ts";
import { hooks } from "./hooks.ts";
import { nested } from "./nested.ts";
import { judging } from "./judging.ts";
import { type Look, looking } from "./looking.ts";
import { reading } from "./reading.ts";
import type { World } from "./sqlite.ts";
import { writing } from "./writing.ts";

export type { World } from "./sqlite.ts";

/** Who asks: an author's id, and perhaps a role. */
export interface Session {
  readonly me?: number;
}

export type Role = "writer" | "editor" | "auditor";

/** The database rules are typed for; hooks use only what every Drizzle database has. */
export type WorldDatabase = LibSQLDatabase<World>;

/** Rules over the suite's tables. */
export type Rules = ACL<Role, Session, object, World, WorldDatabase>;

/** A rule for tags; those of a read hold in every method. */
export type TagRule = NonNullable<
  NonNullable<AclEntry<Role, Session, World, WorldDatabase, "tag">["control"]["GET"]>["all"]
>;

/** The tables an auditor reads, whole. */
export const AUDITED = [
  "author",
  "article",
  "comment",
  "tag",
  "articleTag",
  "sample",
  "product",
  "wide",
  "membership",
  "trail",
] as const;

/** Every rule of the suite, over the tables of one database. */
export function rules(world: World, held: Held, look: Look): Rules {
  const audits = AUDITED.map((table) => [
    `audit-${table}`,
    { table, maxLimit: null, control: { GET: { auditor: { select: true } } } },
  ]);
  return {
    ...reading(world),
    ...writing(world),
    ...judging(world),
    ...hooks(world, held),
    ...nested(world),
    ...looking(look),
    ...(Object.fromEntries(audits) as Rules),
  };
}
