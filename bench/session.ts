// Who asks: a header that is believed, which costs nothing, or better-auth's session from the database.
import { createHmac } from "node:crypto";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { is } from "drizzle-orm";
import { PgDatabase } from "drizzle-orm/pg-core";
import { ADMIN, tokenOf } from "./data.ts";
import * as postgresql from "./schema-postgresql.ts";
import * as sqlite from "./schema.ts";

export interface Caller {
  readonly id: string;
  readonly role: "user" | "admin";
}

/** Reads who asks from a request. */
export type Identify = (request: Request) => Caller | undefined | Promise<Caller | undefined>;
export type SessionKind = "stub" | "auth";

const SECRET = "only-for-measuring-never-for-real-people";

/** The reader of sessions all rivals share; `database` is a Drizzle database. */
export function sessionReader(kind: SessionKind, database: object): Identify {
  return kind === "stub" ? believe : askBetterAuth(database);
}

function believe({ headers }: Request): Caller | undefined {
  const id = headers.get("x-user");
  return id === null ? undefined : { id, role: id === ADMIN ? "admin" : "user" };
}

function askBetterAuth(database: object): Identify {
  const auth = betterAuth({
    baseURL: "http://127.0.0.1",
    secret: SECRET,
    database: drizzleAdapter(
      database,
      is(database, PgDatabase)
        ? { provider: "pg", schema: postgresql }
        : { provider: "sqlite", schema: sqlite },
    ),
    rateLimit: { enabled: false },
    logger: { level: "error" },
    telemetry: { enabled: false },
    user: {
      additionalFields: {
        role: { type: ["user", "admin"], required: false, defaultValue: "user", input: false },
      },
    },
  });
  return async ({ headers }) => {
    const found = await auth.api.getSession({ headers, query: { disableRefresh: true } });
    return found === null ? undefined : { id: found.user.id, role: found.user.role as Caller["role"] };
  };
}

/** The header that makes somebody the caller. */
export function credentials(kind: SessionKind, user: string): readonly [name: string, value: string] {
  if (kind === "stub") return ["x-user", user];
  let cookie = cookies.get(user);
  if (cookie === undefined) cookies.set(user, (cookie = signed(tokenOf(user))));
  return ["cookie", cookie];
}

const cookies = new Map<string, string>();

function signed(token: string): string {
  const signature = createHmac("sha256", SECRET).update(token).digest("base64");
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
}
