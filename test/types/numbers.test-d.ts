// The clients' questions for numbers about rows, and for all pages of a list. Checked by the compiler, never run: each line
// that must not compile says why, and each directive covers the line of the mistake only.
import type { ACL, InferApi } from "@bepalo/query";
import {
  type AggregateOptions,
  type AggregateQuestion,
  createQueryClient,
  type Page,
} from "@bepalo/query/client";
import { queryOptions } from "@bepalo/query/tanstack";
import type { QueryClient } from "@tanstack/query-core";
import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { expectTypeOf } from "expect-type";
import type * as schema from "../support/schema.ts";

const rules = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { mode: false, columns: ["body"] },
          aggregate: true,
          with: {
            author: { select: { columns: ["name", "role"] }, with: { mentor: true } },
            reviewer: { select: true, forbidQuery: { orderBy: true } },
            comments: true,
          },
        },
      },
    },
  },
  samples: { table: "sample", control: { GET: { all: { select: true, aggregate: {} } } } },
  salaries: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          aggregate: {
            functions: ["count", "countDistinct", "sum"],
            columns: { columns: ["id", "secret"] },
            groupBy: { columns: ["role"] },
            minGroupSize: 5,
          },
        },
      },
    },
  },
  hidden: {
    table: "author",
    control: { GET: { all: { aggregate: { columns: { columns: ["id", "name"] } } } } },
  },
  plain: { table: "author", control: { GET: { all: { select: true } } } },
  wanting: {
    table: "author",
    control: { GET: { all: { select: true, aggregate: true, requireWhere: true } } },
  },
  masked: {
    table: "author",
    control: {
      GET: {
        all: {
          select: [{ columns: ["id"] }, { columns: ["name"], when: (_, author, { eq }) => eq(author.id, 1) }],
          aggregate: true,
        },
      },
    },
  },
  shaped: {
    table: "author",
    control: { GET: { all: { select: true, aggregate: true, formatResult: () => 5 } } },
  },
} satisfies ACL<"writer", object, object, typeof schema>;
type Api = InferApi<typeof rules, typeof schema>;
const api = createQueryClient<Api>();

/* Of all rows. */

export async function all(perhaps: boolean): Promise<void> {
  const numbers = await api.aggregate("articles", {
    count: true,
    sum: { views: true, rating: true },
    avg: { views: true },
    min: { createdAt: true, title: true },
    countDistinct: { title: true },
    where: { "author.name.like": "A%", published: true },
  });
  expectTypeOf(numbers).toEqualTypeOf<{
    articles: {
      count: number;
      sum: { views: number | string | null; rating: number | null };
      avg: { views: number | null };
      min: { createdAt: string | null; title: string | null };
      countDistinct: { title: number };
    };
  }>();
  const values = await api.aggregate("articles", { count: { rating: true, title: perhaps, id: false } });
  expectTypeOf(values.articles).toEqualTypeOf<{ count: { rating: number; title?: number } }>();
  const { samples } = await api.aggregate("samples", {
    sum: { integer: true, real: true, decimal: true, number: true, numericBig: true },
    avg: { decimal: true, numericBig: true },
    max: { numericBig: true, flag: true, choice: true },
  });
  expectTypeOf(samples).toEqualTypeOf<{
    sum: {
      integer: number | string | null;
      real: number | null;
      decimal: string | null;
      number: number | null;
      numericBig: string | null;
    };
    avg: { decimal: string | null; numericBig: number | null };
    max: { numericBig: string | null; flag: boolean | null; choice: "a" | "b" | null };
  }>();
  // Where few rows tell nothing, there may be no number.
  const { salaries } = await api.aggregate("salaries", { count: true, sum: { id: true } });
  expectTypeOf(salaries).toEqualTypeOf<{ count: number | null; sum: { id: number | string | null } }>();
  const { hidden } = await api.aggregate("hidden", { countDistinct: { name: true } });
  expectTypeOf(hidden).toEqualTypeOf<{ countDistinct: { name: number } }>();
  expectTypeOf(await api.aggregate("shaped", { count: true })).toEqualTypeOf<unknown>();
  await api.aggregate("wanting", { count: true, where: { id: 1 } });
}

/* Of groups. */

export async function groups(): Promise<void> {
  const grouped = await api.aggregate("articles", {
    count: true,
    sum: { views: true, rating: true },
    max: { rating: true, views: true },
    groupBy: ["published", "createdAt.month", "author.role", "author.mentor.name", "rating"],
    having: {
      "count.gt": 5,
      "sum.views.gte": 100n,
      OR: [{ "min.title.like": "A%" }, { "avg.rating": null }],
    },
    orderBy: { "sum.views": "desc", "author.role": { sort: "asc", nulls: "last" }, count: 1 },
    timeZone: "+02:00",
    offset: 0,
    limit: 20,
    countFiltered: true,
  });
  expectTypeOf(grouped).toEqualTypeOf<{
    articles: {
      group: {
        published: boolean;
        "createdAt.month": string;
        "author.role": "writer" | "editor";
        "author.mentor.name": string | null;
        rating: number | null;
      };
      count: number;
      sum: { views: number | string; rating: number | null };
      max: { rating: number | null; views: number };
    }[];
    count: number;
    filtered: number;
  }>();
  const distinct = await api.aggregate("articles", { groupBy: ["title"] });
  expectTypeOf(distinct).toEqualTypeOf<{
    articles: { group: { title: string } }[];
    count: number;
    more?: true;
  }>();
  const { masked } = await api.aggregate("masked", { max: { name: true }, groupBy: ["name", "id"] });
  expectTypeOf(masked).toEqualTypeOf<
    { group: { name: string | null; id: number }; max: { name: string | null } }[]
  >();
  const { salaries } = await api.aggregate("salaries", { count: true, groupBy: ["role"] });
  expectTypeOf(salaries).toEqualTypeOf<{ group: { role: "writer" | "editor" }; count: number }[]>();
}

export async function wrongNumbers(): Promise<void> {
  // @ts-expect-error no rule lets numbers be asked for
  await api.aggregate("plain", { count: true });
  // @ts-expect-error there is no such resource
  await api.aggregate("article", { count: true });
  // @ts-expect-error something is asked for
  await api.aggregate("articles", { where: { id: "a" } });
  // @ts-expect-error every rule wants a filter
  await api.aggregate("wanting", { count: true });
  // @ts-expect-error a title is no number
  await api.aggregate("articles", { sum: { title: true } });
  // @ts-expect-error the rule hides it
  await api.aggregate("articles", { count: { body: true } });
  // @ts-expect-error the rule does not name the function
  await api.aggregate("salaries", { avg: { id: true } });
  // @ts-expect-error the rule does not name the column
  await api.aggregate("salaries", { count: { email: true } });
  // @ts-expect-error the lowest of a hidden column is one row's
  await api.aggregate("hidden", { min: { name: true } });
  // @ts-expect-error numbers may be of what rows hide, filters not
  await api.aggregate("salaries", { count: true, where: { secret: "a" } });
  // @ts-expect-error the rule does not let it be grouped by
  await api.aggregate("salaries", { count: true, groupBy: ["id"] });
  // @ts-expect-error a title holds no dates
  await api.aggregate("articles", { groupBy: ["title.month"] });
  // @ts-expect-error there is no such stretch of time
  await api.aggregate("articles", { groupBy: ["createdAt.decade"] });
  // @ts-expect-error the relation's rule hides it
  await api.aggregate("articles", { groupBy: ["published", "author.email"] });
  // @ts-expect-error a relation may forbid to be grouped by
  await api.aggregate("articles", { groupBy: ["reviewer.name"] });
  // @ts-expect-error a list has no one text
  await api.aggregate("articles", { groupBy: ["comments.text"] });
  // @ts-expect-error without groups there is nothing to filter
  await api.aggregate("articles", { count: true, having: { count: 1 } });
  // @ts-expect-error nor to count
  await api.aggregate("articles", { count: true, countFiltered: true });
  // @ts-expect-error groups are filtered by figures
  await api.aggregate("articles", { groupBy: ["title"], having: { title: "a" } });
  // @ts-expect-error a count is a number
  await api.aggregate("articles", { groupBy: ["title"], having: { "count.gt": "5" } });
  // @ts-expect-error what groups do not share orders none
  await api.aggregate("articles", { groupBy: ["title"], orderBy: { published: 1 } });
  // @ts-expect-error numbers have no relations
  await api.aggregate("articles", { count: true, with: { author: true } });
  // @ts-expect-error nor pages
  await api.aggregate("articles", { count: true, cursor: true });
}

/* The type of a question. */

export async function standalone(): Promise<void> {
  const question: AggregateQuestion<Api, "articles"> = {
    count: true,
    sum: { views: true },
    groupBy: ["createdAt.month", "author.mentor.name"],
    having: { "sum.views.gt": 5 },
    orderBy: { "sum.views": -1, "createdAt.month": 1 },
    where: { "comments.some": true },
  };
  await api.aggregate("articles", question);
  // @ts-expect-error a title is no number
  void ({ sum: { title: true } } satisfies AggregateQuestion<Api, "articles">);
  // @ts-expect-error a title holds no dates
  void ({ groupBy: ["title.month"] } satisfies AggregateQuestion<Api, "articles">);
  // @ts-expect-error the rule does not name the function
  void ({ avg: {} } satisfies AggregateQuestion<Api, "salaries">);
}

/* All pages of a list. */

export async function pages(cache: QueryClient): Promise<void> {
  for await (const page of api.pages("articles", { columns: { id: true }, limit: 50 }))
    expectTypeOf(page).toEqualTypeOf<{ articles: { id: string }[]; count: number; page: Page }>();
  for await (const { plain } of api.pages("plain")) expectTypeOf(plain[0]!.name).toEqualTypeOf<string>();
  // @ts-expect-error there is no column `titel`
  api.pages("articles", { columns: { titel: true } });
  // @ts-expect-error pages are walked forward
  api.pages("articles", { before: "x" });
  // @ts-expect-error there is no such resource
  api.pages("article");
  const query = queryOptions(api).pages("articles", { columns: { id: true }, limit: 50 });
  const known = await cache.fetchInfiniteQuery(query);
  expectTypeOf(known.pages[0]!.articles).toEqualTypeOf<{ id: string }[]>();
  expectTypeOf(cache.getQueryData(query.queryKey)?.pages[0]?.page).toEqualTypeOf<Page | undefined>();
  const { articles } = await cache.fetchQuery(queryOptions(api).aggregate("articles", { count: true }));
  expectTypeOf(articles).toEqualTypeOf<{ count: number }>();
}

/* PostgreSQL, where whole numbers, decimals and moments have more types. */

const sale = pg.pgTable("sales", {
  id: pg.serial().primaryKey(),
  small: pg.smallint().notNull(),
  safe: pg.bigint({ mode: "number" }).notNull(),
  big: pg.bigint({ mode: "bigint" }).notNull(),
  price: pg.numeric().notNull(),
  rate: pg.numeric({ mode: "number" }).notNull(),
  weight: pg.doublePrecision().notNull(),
  day: pg.date().notNull(),
  at: pg.timestamp({ withTimezone: true }).notNull(),
  tags: pg.text().array().notNull(),
});
const shop = { sale, saleRelations: relations(sale, () => ({})) };
const shopRules = {
  sales: { table: "sale", control: { GET: { all: { select: true, aggregate: true } } } },
} satisfies ACL<string, object, object, typeof shop>;
const shopApi = createQueryClient<InferApi<typeof shopRules, typeof shop>>();

export async function sales(): Promise<void> {
  const { sales: groups } = await shopApi.aggregate("sales", {
    sum: { id: true, small: true, safe: true, big: true, price: true, rate: true, weight: true },
    avg: { price: true, big: true },
    max: { day: true },
    groupBy: ["day.week", "at.hour"],
  });
  expectTypeOf(groups).toEqualTypeOf<
    {
      group: { "day.week": string; "at.hour": string };
      sum: {
        id: number | string;
        small: number | string;
        safe: number | string;
        big: string;
        price: string | null;
        rate: number | null;
        weight: number | null;
      };
      avg: { price: string | null; big: number };
      max: { day: string };
    }[]
  >();
  // @ts-expect-error lists of texts are no numbers
  await shopApi.aggregate("sales", { sum: { tags: true } });
}

/* By the schema alone. */

const client = createQueryClient<typeof schema, unknown>();
const asked = {
  countFiltered: true,
  aggregate: {
    count: true,
    sum: { views: true },
    groupBy: ["createdAt.month", "author.name"],
    having: { "count.gt": 5, "max.title.like": "a%" },
    orderBy: { "sum.views": "desc", "author.name": 1 },
    where: { "comments.count.gt": 1 },
    limit: 5,
  },
} as const satisfies AggregateOptions<typeof schema, "article">;

export async function bySchema(): Promise<void> {
  const grouped = await client.Aggregate<"article", "articles", typeof asked>("/query/articles", asked);
  expectTypeOf(grouped).toEqualTypeOf<{
    articles: {
      group: { "createdAt.month": string | null; "author.name": string | null };
      count: number;
      sum: { views: number | string | null };
    }[];
    count: number;
    filtered: number;
  }>();
  const loose = await client.Aggregate<"article", "articles">("/query/articles", {
    aggregate: { count: true },
  });
  expectTypeOf(loose).toEqualTypeOf<{ articles: unknown }>();
  const whole = { aggregate: { count: true, min: { createdAt: true } } } as const;
  const { articles } = await client.Aggregate<"article", "articles", typeof whole>("/query/articles", whole);
  expectTypeOf(articles).toEqualTypeOf<{ count: number | null; min: { createdAt: string | null } }>();
  // @ts-expect-error a title is no number
  await client.Aggregate<"article", "articles">("/query/articles", { aggregate: { sum: { title: true } } });
  await client.Aggregate<"article", "articles">("/query/articles", {
    // @ts-expect-error a title holds no dates
    aggregate: { groupBy: ["title.month"] },
  });
  for await (const page of client.Pages<"article", "articles">("/query/articles", { select: { limit: 5 } }))
    expectTypeOf(page.page).toEqualTypeOf<Page>();
}
