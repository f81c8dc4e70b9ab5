import { addKnown } from "../author/author.ts";
import type { QueryRouteOptions } from "../http/route.ts";
import { type Called, Misuse, type Option } from "./command.ts";
import type { Api } from "./load.ts";

/** Who asks, as a command line or a file says. */
export interface Caller {
  readonly roles: readonly string[];
  /** What a session would have put into the context. */
  readonly context: object;
}

export const CALLER: Readonly<Record<string, Option>> = {
  as: { value: "<role>", many: true, says: "who asks; more than one, strongest first; a guest without" },
  context: {
    value: "<json>",
    says: "what the session's parser would put into the context; it is not asked then",
  },
  header: {
    value: "<name: value>",
    many: true,
    says: "a header of the request, for the module's own `session`",
  },
};

/** The caller that a command line names; `undefined` where the module's own session is to say. */
export function callerIn({ text, texts }: Called): Caller | undefined {
  const roles = texts("as");
  const written = text("context");
  if (roles.length === 0 && written === undefined) return undefined;
  return { roles, context: contextIn(written ?? "{}") };
}

function contextIn(text: string): object {
  let context: unknown;
  try {
    context = JSON.parse(text);
  } catch {
    throw new Misuse("--context takes JSON");
  }
  if (typeof context === "object" && context !== null && !Array.isArray(context)) return context;
  throw new Misuse("--context takes an object");
}

/** The headers that a command line names. */
export function headersIn({ texts }: Called): Headers {
  const headers = new Headers();
  for (const line of texts("header")) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new Misuse("--header takes a name and a value, as 'Authorization: Bearer …'");
    headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** A session that is known: of a caller that is named, else the module's own. */
export function sessionOf(
  caller: () => Caller | undefined,
  { session }: Pick<Api, "session">,
): NonNullable<QueryRouteOptions["session"]> {
  return {
    parser(request, context) {
      const known = caller();
      if (known === undefined) return session?.parser?.(request, context);
      addKnown(context, known.context);
      return undefined;
    },
    getRole(request, context) {
      const known = caller();
      return known === undefined ? session?.getRole?.(request, context) : known.roles;
    },
  };
}
