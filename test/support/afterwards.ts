// Loaded before the first test file: what is said here is for after the last.
import { afterAll } from "bun:test";
import { spared } from "./spared.ts";

afterAll(async () => {
  await Promise.all([...spared].map((remove) => remove()));
}, 60_000);
