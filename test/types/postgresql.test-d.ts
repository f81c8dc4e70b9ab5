// A schema of PostgreSQL. Checked by the compiler, never run: each line that must not compile says why.
import type { ACL, InferApi } from "@bepalo/query";
import {
  createQueryBuilder,
  createQueryClient,
  type Body,
  type Filter,
  type Row,
} from "@bepalo/query/client";
import { arrayContains, max, relations, sql } from "drizzle-orm";
import type { BunSQLDatabase } from "drizzle-orm/bun-sql";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import {
  bigint,
  boolean,
  char,
  customType,
  date,
  inet,
  integer,
  json,
  jsonb,
  numeric,
  pgEnum,
  pgMaterializedView,
  pgSchema,
  pgTable,
  pgView,
  point,
  serial,
  text,
  timestamp,
  uuid,
  varchar,
  vector,
} from "drizzle-orm/pg-core";
import type { PgliteDatabase } from "drizzle-orm/pglite";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { expectTypeOf } from "expect-type";

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });
const mood = pgEnum("mood", ["sad", "happy"]);

const shop = pgTable("shops", {
  id: uuid().primaryKey().defaultRandom(),
  number: serial(),
  name: varchar({ length: 20 }).notNull(),
  code: char({ length: 3 }),
  mood: mood().notNull(),
  price: numeric({ precision: 10, scale: 2 }).notNull(),
  rate: numeric({ mode: "number" }),
  visits: bigint({ mode: "bigint" }).notNull(),
  seen: bigint({ mode: "number" }),
  open: boolean(),
  made: timestamp({ withTimezone: true }).notNull(),
  day: date(),
  host: inet(),
  raw: json().$type<{ a: number }>(),
  info: jsonb().$type<{ a: number }>(),
  photo: bytea(),
  place: point(),
  space: vector({ dimensions: 3 }),
  tags: text().array().notNull(),
  moods: mood().array(),
  sizes: integer().array(),
  totals: bigint({ mode: "bigint" }).array(),
  days: timestamp().array(),
  grid: integer().array().array(),
  drafts: json().array(),
});
const archive = pgSchema("archive");
const visit = archive.table("visits", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  shopId: uuid().references(() => shop.id),
});
const open = pgView("open_shops").as((query) =>
  query
    .select({
      id: shop.id,
      label: shop.name,
      tags: shop.tags,
      total: sql<number>`count(*)`.as("total"),
      when: sql<Date>`now()`.as("when"),
    })
    .from(shop),
);
const best = pgView("best_shops").as((query) =>
  query
    .select({
      best: max(shop.name).as("best"),
      info: sql<{ a: number }>`jsonb_build_object('a', 1)`.as("info"),
    })
    .from(shop),
);
const daily = pgMaterializedView("daily", { day: date().notNull(), count: integer().notNull() }).as(
  sql`select current_date as day, 1 as count`,
);
const schema = {
  mood,
  shop,
  visit,
  open,
  best,
  daily,
  shopRelations: relations(shop, ({ many }) => ({ guests: many(visit) })),
  visitRelations: relations(visit, ({ one }) => ({
    shop: one(shop, { fields: [visit.shopId], references: [shop.id] }),
  })),
};
type Schema = typeof schema;
type ShopFilter = Filter<(typeof shop)["_"]["columns"]>;

/* What JSON carries. */

expectTypeOf<Row<{ shop: typeof shop }, "shop">>().toEqualTypeOf<{
  id?: string;
  number?: number;
  name?: string;
  code?: string | null;
  mood?: "sad" | "happy";
  price?: string;
  rate?: number | null;
  visits?: string;
  seen?: number | null;
  open?: boolean | null;
  made?: string;
  day?: string | null;
  host?: string | null;
  raw?: { a: number } | null;
  info?: { a: number } | null;
  photo?: string | null;
  place?: [number, number] | null;
  space?: number[] | null;
  tags?: string[];
  moods?: ("sad" | "happy")[] | null;
  sizes?: number[] | null;
  totals?: string[] | null;
  days?: string[] | null;
  grid?: number[][] | null;
  drafts?: unknown[] | null;
}>();
expectTypeOf<Row<Schema, "shop", { columns: { id: true }; with: { guests: true } }>>().toEqualTypeOf<{
  id: string;
  guests: { id?: number; shopId?: string | null }[];
  $more?: readonly "guests"[];
}>();

/* Values and operators. */

const accepted: ShopFilter[] = [
  { id: "a", "id.in": ["b"], "id.gt": "c", mood: "sad", "mood.in": ["happy"], "mood.gt": "sad" },
  { "name.like": "a%", "code.icontains": "b", price: "1.50", "price.gt": 2, "rate.between": [1, 2.5] },
  { visits: 1n, "visits.lt": "9007199254740993", seen: 1, open: true, "made.gte": new Date(), "made.lt": 5 },
  { day: "2024-01-01", "day.lt": "2025-01-01", host: "10.0.0.1", "host.ne": null },
  { info: { a: 1 }, "info.ne": null, "raw.isNull": true, photo: "AA==", "photo.in": [new Uint8Array(1)] },
  { "place.isNotNull": true, "space.isNull": false, "drafts.isNull": true },
  { tags: ["a", "b"], "tags.ne": ["c"], "tags.in": [["a"], []], "tags.arrayContains": ["a"] },
  { "moods.arrayContained": ["sad"], "sizes.arrayOverlaps": [1, 2], "totals.arrayContains": [1n, "2"] },
  { "days.arrayContains": [new Date(), "2024-01-01"], "grid.arrayContains": [[1], [2]] },
];
void accepted;

const refused = (_filter: ShopFilter): void => {};
// @ts-expect-error a UUID has no patterns
refused({ "id.like": "a%" });
// @ts-expect-error an enum has no patterns
refused({ "mood.contains": "a" });
// @ts-expect-error `angry` is no mood
refused({ mood: "angry" });
// @ts-expect-error an address has no patterns
refused({ "host.like": "10.%" });
// @ts-expect-error a day has no patterns
refused({ "day.startsWith": "2024" });
// @ts-expect-error PostgreSQL compares no json
refused({ raw: { a: 1 } });
// @ts-expect-error json has no order
refused({ "info.gt": { a: 1 } });
// @ts-expect-error bytes have no order
refused({ "photo.lt": "AA==" });
// @ts-expect-error points are not compared
refused({ place: [1, 2] });
// @ts-expect-error vectors are not compared
refused({ "space.in": [[1, 2, 3]] });
// @ts-expect-error lists have no order
refused({ "tags.gt": ["a"] });
// @ts-expect-error lists of json are not compared
refused({ "drafts.arrayContains": [1] });
// @ts-expect-error tags are texts
refused({ "tags.arrayContains": [1] });
// @ts-expect-error arrayContains takes a list
refused({ "tags.arrayContains": "a" });
// @ts-expect-error `name` is no list
refused({ "name.arrayContains": ["a"] });
// @ts-expect-error a big integer is no number, which could lose digits
refused({ visits: 5 });
// @ts-expect-error sizes are numbers
refused({ sizes: ["1"] });

export const body: Body<Schema, "shop"> = {
  name: "a",
  visits: "5",
  price: 1.5,
  tags: ["a"],
  totals: [1n, "2"],
  made: "2024-01-01T00:00:00Z",
  photo: "AA==",
  place: [1, 2],
  grid: [[1], [2]],
};

const builder = createQueryBuilder<Schema, unknown>();
builder.Get<"shop">({ select: { orderBy: { name: 1, info: -1, tags: "asc" } } });
// @ts-expect-error there is no order of json
builder.Get<"shop">({ select: { orderBy: { raw: 1 } } });
// @ts-expect-error there is no order of points
builder.Get<"shop">({ select: { orderBy: { place: 1 } } });

/* Views. */

expectTypeOf<Row<Schema, "open">>().toEqualTypeOf<{
  id?: string;
  label?: string;
  tags?: string[];
  total?: number;
  when?: unknown;
}>();
expectTypeOf<Row<Schema, "daily", { columns: { day: true } }>>().toEqualTypeOf<{ day: string }>();
builder.Get<"open">({
  select: { where: { "label.like": "a%", "tags.arrayOverlaps": ["a"], "total.isNull": false } },
});
builder.Get<"daily">({ select: { where: { "count.gt": 1 }, orderBy: { day: -1 } } });
builder.Get<"open">({
  select: {
    where: { total: 1, "total.in": [1, 2], "when.gt": new Date(0), "label.gt": "a" },
    orderBy: { total: "desc", when: 1 },
  },
});
expectTypeOf<Row<Schema, "best">>().toEqualTypeOf<{ best?: string | null; info?: unknown }>();
builder.Get<"best">({ select: { where: { "best.like": "a%", "info.isNull": false }, orderBy: { best: 1 } } });
// @ts-expect-error a computed field is compared as what its author says it is
builder.Get<"open">({ select: { where: { total: "1" } } });
// @ts-expect-error patterns are for texts
builder.Get<"open">({ select: { where: { "total.like": "1%" } } });
// @ts-expect-error a computed object is not compared
builder.Get<"best">({ select: { where: { info: { a: 1 } } } });
// @ts-expect-error and has no order
builder.Get<"best">({ select: { orderBy: { info: 1 } } });
// @ts-expect-error a view has no relations
builder.Get<"open">({ select: { with: { guests: true } } });

/* Rules. */

interface Session {
  readonly me: string;
}
type Databases =
  | NodePgDatabase<Schema>
  | PostgresJsDatabase<Schema>
  | BunSQLDatabase<Schema>
  | PgliteDatabase<Schema>;
export type Every = Databases extends infer D
  ? D extends Databases
    ? ACL<"clerk", Session, {}, Schema, D>
    : never
  : never;

type Rules = ACL<"clerk", Session, {}, Schema, NodePgDatabase<Schema>>;
const acl = {
  shops: {
    table: "shop",
    control: {
      GET: {
        clerk: {
          select: true,
          where: (_context, table) => arrayContains(table.tags, ["a"]),
          with: { guests: { select: { columns: ["id"] } } },
        },
      },
      POST: {
        clerk: {
          select: { columns: ["id"] },
          afterQuery: async ({ tx }) => {
            const found = await tx.query.visit.findMany({ with: { shop: true } });
            expectTypeOf(found[0]!.shop!.visits).toEqualTypeOf<bigint>();
            await tx.insert(visit).values({ shopId: "a" });
            // @ts-expect-error shops have no `title`
            await tx.update(shop).set({ title: "a" });
          },
        },
      },
    },
  },
  open: {
    table: "open",
    control: {
      GET: {
        all: {
          select: { mode: false, columns: ["when"] },
          where: (_context, view, { eq }) => eq(view.label, "a"),
        },
      },
    },
  },
  daily: { table: "daily", control: { HEAD: { all: { select: true, orderBy: { day: "desc" } } } } },
} satisfies Rules;

export const writes = {
  open: {
    table: "open",
    // @ts-expect-error a view is only read
    control: { DELETE: { all: { where: () => true } } },
  },
} satisfies Rules;

export const column = {
  daily: {
    table: "daily",
    // @ts-expect-error the view has no column `night`
    control: { GET: { all: { select: { columns: ["night"] } } } },
  },
} satisfies Rules;

export async function asked(): Promise<void> {
  const api = createQueryClient<InferApi<typeof acl, Schema>>("http://localhost:4000");
  expectTypeOf(await api.get("open", { where: { "label.contains": "a" } })).toEqualTypeOf<{
    open: { id: string; label: string; tags: string[]; total: number }[];
    count: number;
    more?: true;
  }>();
  const { shops } = await api.get("shops", {
    columns: { visits: true, tags: true },
    where: { "tags.arrayContains": ["a"] },
  });
  expectTypeOf(shops).toEqualTypeOf<{ visits: string; tags: string[] }[]>();
  // @ts-expect-error a view is only read
  await api.delete("open", { where: { label: "a" } });
}
