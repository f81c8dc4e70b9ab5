import type { AuthorFunction } from "./any.ts";
import { isMap } from "./keys.ts";

/** Collects what is wrong with an access-control file, a sentence each with its path. */
export class Mistakes {
  readonly found: string[] = [];

  add(path: string, sentence: string): void {
    this.found.push(`${path}: ${sentence}`);
  }

  addAll(sentences: readonly string[]): void {
    this.found.push(...sentences);
  }
}

/** A function of the author, where there is one. */
export function readFunction(value: unknown, path: string, mistakes: Mistakes): AuthorFunction | undefined {
  if (value === undefined || typeof value === "function") return value as AuthorFunction | undefined;
  mistakes.add(path, "expected a function");
  return undefined;
}

/** A hook, and whether it is handed the rows as they were. */
export interface ReadHook {
  readonly run: AuthorFunction | undefined;
  readonly before: boolean;
}

/** A hook of a write, where there is one; what is none is told as a mistake. */
export function readHook(hook: unknown, mistake: (sentence: string) => void): ReadHook {
  if (hook === undefined || typeof hook === "function")
    return { run: hook as AuthorFunction | undefined, before: false };
  if (isMap(hook) && hook["before"] === true && typeof hook["run"] === "function")
    return { run: hook["run"] as AuthorFunction, before: true };
  mistake(isMap(hook) ? "expected a function, or { before: true, run: … }" : "expected a function");
  return { run: undefined, before: false };
}
