import type { RequestContext } from "@bepalo/query";
import type { Rules, World, WorldDatabase } from "./rules.ts";

/** The functions of an author that run outside of the transaction, as a request names them in a header. */
export const LOOKERS = {
  GET: ["parser", "getRole", "where", "formatResult"],
  POST: ["parser", "where", "check", "validateBody", "injectBody"],
} as const;

/** Looks into the database of the application, or writes there, where a request wants that. */
export type Look = (name: string, context: RequestContext) => Promise<void>;

export function makeLook({ tag }: World, database: WorldDatabase): Look {
  return async (name, context) => {
    const { headers } = context.request;
    if (headers.get("x-look") !== name) return;
    if (headers.has("x-leave")) await database.insert(tag).values({ id: 700, label: "left behind" });
    await Promise.resolve();
    Object.assign(context, { seen: (await database.select().from(tag)).length });
  };
}

/** A resource whose functions look into the database themselves, and whose answer is what they saw. */
export function looking(look: Look): Rules {
  const where = async (context: RequestContext): Promise<true> => {
    await look("where", context);
    return true;
  };
  const seen = (context: object): unknown => ({ seen: (context as { seen?: number }).seen });
  return {
    looking: {
      table: "tag",
      control: {
        GET: {
          all: {
            select: true,
            where,
            formatResult: async (_, context) => {
              await look("formatResult", context);
              return seen(context);
            },
          },
        },
        POST: {
          all: {
            select: true,
            write: true,
            where,
            check: async (context) => {
              await look("check", context);
              return true;
            },
            validateBody: async (body, context) => {
              await look("validateBody", context);
              return body;
            },
            injectBody: async (body, context) => {
              await look("injectBody", context);
              return body;
            },
            formatResult: (_, context) => seen(context),
          },
        },
      },
    },
  };
}
