import { HttpError } from "../error.ts";
import type * as Built from "./built.js";

/** The explorer, as a route answers it. */
export interface ExplorerPage {
  /** All of it: it loads nothing. */
  readonly text: string;
  /** What it may do, as `Content-Security-Policy` says it: run its own script, and speak to where it comes from. */
  readonly policy: string;
}

/**
 * The page, which is made beforehand and the same for everybody.
 *
 * @throws HttpError 503 where it was not made, as in a copy of the source: its reader is who can.
 */
export async function explorerPage(): Promise<ExplorerPage> {
  const { page, script, style } = await built();
  return { text: page, policy: policyOf(script, style) };
}

async function built(): Promise<typeof Built> {
  try {
    return await import("./built.js");
  } catch {
    throw new HttpError("the explorer's page was not made yet: run `npm run build:explorer`", 503);
  }
}

/** What neither its own script nor its own style is does not run, wherever it comes from; text never becomes markup. */
const policyOf = (script: string, style: string): string =>
  [
    "default-src 'none'",
    `script-src '${script}'`,
    `style-src '${style}'`,
    "connect-src 'self'",
    "img-src data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
