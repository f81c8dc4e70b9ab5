import type { AuthorFunction } from "./acl.ts";

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
