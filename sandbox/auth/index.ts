import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import type { Database } from "@/db/open";
import * as schema from "@/db/schema";

/** Where better-auth answers. */
export const authPath = "/api/auth";

/** An authentication service bound to one database and one origin. */
export type Auth = ReturnType<typeof createAuth>;

/** Makes the authentication service: e-mail and password, sessions in the database, two roles. */
export function createAuth(database: Database, origin: string, alsoTrusted: readonly string[] = []) {
  return betterAuth({
    baseURL: origin,
    basePath: authPath,
    secret: secret(),
    trustedOrigins: [origin, ...alsoTrusted],
    database: drizzleAdapter(database, { provider: "sqlite", schema }),
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: inProduction() },
    // better-auth drops these two checks when NODE_ENV is `test`; the tests are to meet the same service as people do.
    advanced: { disableOriginCheck: false, disableCSRFCheck: false },
    logger: { level: "error" },
    telemetry: { enabled: false },
    user: {
      additionalFields: {
        // With `input: true` anybody could sign up as an admin, or make an admin of himself later.
        role: { type: ["user", "admin"], required: false, defaultValue: "user", input: false },
      },
    },
  });
}

/** Whether this process serves real people: no published accounts, no published secret. */
export function inProduction(): boolean {
  return process.env["NODE_ENV"] === "production";
}

function secret(): string {
  const given = process.env["BETTER_AUTH_SECRET"];
  if (given) return given;
  if (inProduction()) {
    throw new Error("BETTER_AUTH_SECRET is not set: in production sessions need a secret of their own");
  }
  return "only-for-trying-out-never-for-real-people";
}
