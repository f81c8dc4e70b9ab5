import { readCatalog } from "../../src/schema/schema.ts";

/** The callers of `openRules`; a guest has no role. */
export const OPEN_ROLES = [undefined, "writer", "editor", "keyed"] as const;

/**
 * An access-control file over any schema, with rules of most kinds: a guest reads the first columns; a writer all of them,
 * relations under the rules of resources, in circles, and writes; an editor under rules of their own, masks among them, and
 * numbers; who is keyed names a row by its key.
 */
export function openRules(schema: Record<string, unknown>): Record<string, object> {
  const catalog = readCatalog(schema);
  return Object.fromEntries(
    [...catalog].flatMap(([name, { kind, columns, relations, primaryKey }]) => {
      const first = [...columns.keys()].slice(0, 3);
      const links = Object.fromEntries([...relations].map(([key, { target }]) => [key, target.name]));
      const own = Object.fromEntries(
        [...relations.keys()].map((key) => [key, { select: true, maxLimit: 5 }]),
      );
      const open = { select: true, with: links };
      const keys = primaryKey.map((column) => column.name);
      const others = [...columns.values()].filter(({ primary }) => !primary).map((column) => column.name);
      const kept = [...columns.keys()].filter((column) => column !== others[0]);
      const nest = Object.fromEntries(
        Object.entries(links).filter(([key, target]) => {
          const { on, kind: many } = relations.get(key)!;
          const settable = many === "many" || on.every(({ source }) => !source.generated);
          return target !== name && !columns.has(key) && settable;
        }),
      );
      const reads = {
        guest: { select: { columns: first }, forbidQuery: { with: true, orderBy: true } },
        writer: open,
        editor: {
          select: [{ columns: kept }, { columns: others.slice(0, 1), when: () => true }],
          with: own,
          aggregate: true,
          maxOffset: 5,
        },
        mine: { select: { columns: first }, where: () => true },
      };
      if (kind === "view") return [entry(name, { table: name, control: { GET: reads } })];
      // What is answered beside the columns of a written row is read by its key.
      const written = keys.length > 0 ? open : { select: true };
      const control = {
        GET: reads,
        POST: { writer: { ...written, nest }, mine: { check: () => false } },
        PATCH: { writer: { ...written, dryRun: true } },
        DELETE: { writer: written, mine: { select: { columns: first }, where: () => true } },
      };
      const byKey = { keyed: { select: true, requireWhere: "key" } };
      const keyed = { table: name, findFirst: true, control: { GET: byKey, PATCH: byKey, DELETE: byKey } };
      return [
        [name, { table: name, control }],
        ...(keys.length > 0 ? [[`one ${name}`, keyed] as const] : []),
      ];
    }),
  );
}

const entry = (name: string, given: object): readonly [string, object] => [name, given];
