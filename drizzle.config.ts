import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./sandbox/db/schema.ts",
  out: "./sandbox/drizzle",
  dbCredentials: { url: process.env["DB_FILE_NAME"] ?? "file:sandbox.db" },
});
