import type { ApiClient } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { createLatest } from "./latest.ts";
import { drawMonths, type Month } from "./month-chart.ts";

const SHOWN = 12;

/** How many posts and comments each month had: two questions, whatever the number of rows behind them. */
export function createMonths(api: ApiClient<Api>) {
  const latest = createLatest();
  return {
    /** Draws the last months as they are now. */
    show: async (): Promise<void> => {
      const signal = latest.next();
      const [{ feed }, { comments }] = await Promise.all([
        api.aggregate(
          "feed",
          {
            count: true,
            groupBy: ["publishedAt.month"],
            orderBy: { "publishedAt.month": "desc" },
            limit: SHOWN,
          },
          { signal },
        ),
        api.aggregate(
          "comments",
          { count: true, groupBy: ["createdAt.month"], orderBy: { "createdAt.month": "desc" }, limit: SHOWN },
          { signal },
        ),
      ]);
      drawMonths(
        together(
          feed.map(({ group, count }) => [group["publishedAt.month"], count]),
          comments.map(({ group, count }) => [group["createdAt.month"], count]),
        ),
      );
    },
  };
}

type Counts = readonly (readonly [month: string | null, count: number])[];

/** The last months there are, those with nothing in them as well. */
function together(posts: Counts, comments: Counts): readonly Month[] {
  const [written, said] = [new Map(posts), new Map(comments)];
  const known = [...written.keys(), ...said.keys()].filter((month) => month !== null).toSorted();
  const [first = "", last = ""] = [known[0], known.at(-1)];
  const months: Month[] = [];
  for (let month = last; month !== "" && month >= first && months.length < SHOWN; month = monthBefore(month))
    months.unshift({ month, posts: written.get(month) ?? 0, comments: said.get(month) ?? 0 });
  return months;
}

function monthBefore(month: string): string {
  const moment = new Date(month);
  moment.setUTCMonth(moment.getUTCMonth() - 1);
  return moment.toISOString();
}
