import { sql } from "drizzle-orm";
import type { Rules, World } from "./rules.ts";

interface Caller {
  readonly me?: number;
  readonly role?: string | undefined;
}

/** Rules that judge what is written by what else there is, and rules over a table with triggers. */
export function judging({ membership, author }: World): Rules {
  /** Whether the caller is an admin of the row's organisation. */
  const administers = ({ me }: Caller, t: World["membership"]) =>
    sql`exists (select 1 from memberships m where m.org_id = ${t.orgId} and m.user_id = ${me ?? null} and m.role = 'admin')`;
  const alone = (_: unknown, t: World["membership"]) =>
    sql`not exists (select 1 from memberships m where m.org_id = ${t.orgId} and m.user_id = ${t.userId})`;
  const three = (_: unknown, t: World["membership"]) =>
    sql`(select count(*) from memberships m where m.org_id = ${t.orgId}) <= 3`;
  const own = ({ me }: Caller, t: World["trail"]) => sql`${t.owner} = ${me ?? null}`;
  const known = (_: unknown, t: World["trail"]) =>
    sql`exists (select 1 from ${author} where ${author.id} = ${t.owner})`;
  const all = { select: true } as const;
  return {
    belonging: {
      table: "membership",
      control: {
        POST: { all: { ...all, check: administers } },
        PATCH: { all: { ...all, where: administers }, editor: { ...all, check: administers } },
        DELETE: { all: { ...all, where: administers } },
      },
    },
    singles: {
      table: "membership",
      control: { POST: { all: { ...all, check: alone } }, PATCH: { all: { ...all, check: alone } } },
    },
    quota: {
      table: "membership",
      control: {
        POST: { all: { ...all, ensure: three }, editor: { ...all, check: administers, ensure: three } },
        PATCH: { all: { ...all, ensure: three }, editor: { ...all, ensure: true } },
      },
    },
    chained: {
      table: "wide",
      control: {
        POST: {
          all: {
            select: { columns: ["id"] },
            write: true,
            maxBodySize: null,
            check: () => sql`wides.f0 = 0 or exists (select 1 from wides w where w.id = wides.f0)`,
          },
        },
      },
    },
    hookedBelonging: {
      table: "membership",
      control: {
        POST: {
          all: {
            ...all,
            check: administers,
            beforeQuery: async ({ tx, me }) => {
              await tx.insert(membership).values({ orgId: 7, userId: me!, role: "admin" });
            },
          },
        },
      },
    },
    trails: {
      table: "trail",
      control: {
        POST: { all },
        PATCH: { all: { ...all, maxAffected: 1 } },
        DELETE: { all },
      },
    },
    ownTrails: {
      table: "trail",
      control: { POST: { all: { ...all, where: own } }, PATCH: { all: { ...all, where: own } } },
    },
    knownTrails: {
      table: "trail",
      control: { POST: { all: { ...all, check: known } }, PATCH: { all: { ...all, check: known } } },
    },
    toldTrails: {
      table: "trail",
      control: {
        POST: { all: { ...all, afterQuery: ({ result }) => Response.json(result) } },
        PATCH: { all: { ...all, afterQuery: ({ result }) => Response.json(result) } },
      },
    },
  };
}

/** What the triggers of `trails` do is said by a row's label. */
const SAYS = (label: string, row = "new"): string => `when ${row}.label = '${label}'`;

/** The triggers, in the words of either database. */
export const TRIGGERS: Readonly<Record<"sqlite" | "postgresql", readonly string[]>> = {
  sqlite: [
    ...["insert", "update"].flatMap((event) => [
      `create trigger if not exists drop_${event} before ${event} on trails ${SAYS("drop")} begin
         insert into tags (label) values ('dropped'); select raise(ignore); end`,
      `create trigger if not exists move_${event} after ${event} on trails ${SAYS("move")} begin
         insert into tags (label) values ('moved'); delete from trails where id = new.id; end`,
      `create trigger if not exists shout_${event} after ${event} on trails ${SAYS("shout")} begin
         update trails set label = 'SHOUT' where id = new.id; end`,
      `create trigger if not exists steal_${event} after ${event} on trails ${SAYS("steal")} begin
         update trails set owner = 99, label = 'stolen' where id = new.id; end`,
      `create trigger if not exists give_${event} after ${event} on trails ${SAYS("give")} begin
         update trails set owner = 2, label = 'given' where id = new.id; end`,
    ]),
    `create trigger if not exists keep before delete on trails ${SAYS("keep", "old")} begin
       insert into tags (label) values ('kept'); select raise(ignore); end`,
  ],
  postgresql: [
    `create or replace function drops() returns trigger language plpgsql as $$ begin
       insert into tags (label) values (tg_argv[0]); return null; end $$`,
    `create or replace function follows() returns trigger language plpgsql as $$ begin
       case new.label
         when 'move' then insert into tags (label) values ('moved'); delete from trails where id = new.id;
         when 'shout' then update trails set label = 'SHOUT' where id = new.id;
         when 'steal' then update trails set owner = 99, label = 'stolen' where id = new.id;
         when 'give' then update trails set owner = 2, label = 'given' where id = new.id;
         else null;
       end case;
       return null; end $$`,
    `create or replace trigger drops before insert or update on trails for each row
       when (new.label = 'drop') execute function drops('dropped')`,
    `create or replace trigger keeps before delete on trails for each row
       when (old.label = 'keep') execute function drops('kept')`,
    `create or replace trigger follows after insert or update on trails for each row execute function follows()`,
  ],
};
