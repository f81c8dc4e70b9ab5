import type { LiveClient } from "@bepalo/query/client/live";
import type { Api } from "./api.ts";
import { showConnection } from "./connection.ts";
import { showProblem } from "./messages.ts";
import { drawMonths, type Month } from "./month-chart.ts";

const SHOWN = 12;

const byPublished = {
  count: true,
  groupBy: ["publishedAt.month"],
  orderBy: { "publishedAt.month": "desc" },
  limit: SHOWN,
} as const;
const bySaid = {
  count: true,
  groupBy: ["createdAt.month"],
  orderBy: { "createdAt.month": "desc" },
  limit: SHOWN,
} as const;

/** How many posts and comments each month had: two questions, whatever the number of rows behind them. */
export function createMonths(api: LiveClient<Api>) {
  let posts: Counts | undefined;
  let comments: Counts | undefined;
  const draw = (): void => {
    if (posts !== undefined && comments !== undefined) drawMonths(together(posts, comments));
  };
  return {
    /** Draws the last months, and draws them again whenever something else is true of them. */
    follow: (): void => {
      api.live.aggregate("feed", byPublished, {
        onAnswer: ({ feed }) => {
          posts = feed.map(({ group, count }) => [group["publishedAt.month"], count]);
          draw();
        },
        onStatus: showConnection,
        onEnd: showProblem,
      });
      api.live.aggregate("comments", bySaid, {
        onAnswer: (answer) => {
          comments = answer.comments.map(({ group, count }) => [group["createdAt.month"], count]);
          draw();
        },
        onEnd: showProblem,
      });
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
