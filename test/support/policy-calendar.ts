// Where the years, months, weeks, days and hours begin that moments fall in.

export const BUCKETS = ["year", "quarter", "month", "week", "day", "hour"] as const;
export type Bucket = (typeof BUCKETS)[number];

/** How many milliseconds clocks of a zone are ahead of UTC at a moment. */
export type Zone = (moment: number) => number;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A zone by what a client calls it, if there is one; some know zones by their names. */
export function zoneOf(name: unknown, named: boolean): Zone | undefined {
  if (name === undefined || name === "UTC") return () => 0;
  const offset = typeof name === "string" ? /^([+-])(\d\d):(\d\d)$/.exec(name) : null;
  if (offset !== null) {
    const ahead = (Number(offset[2]) * 60 + Number(offset[3])) * 60_000 * (offset[1] === "-" ? -1 : 1);
    return () => ahead;
  }
  return named && typeof name === "string" ? zoneNamed(name) : undefined;
}

function zoneNamed(timeZone: string): Zone | undefined {
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    return (moment) => {
      const parts = Object.fromEntries(
        format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
      ) as Record<string, number>;
      const { year, month, day, hour, minute, second } = parts;
      const wall = Date.UTC(year!, month! - 1, day, hour, minute, second);
      return wall - Math.floor(moment / 1000) * 1000;
    };
  } catch {
    return undefined;
  }
}

/** The first moment of the bucket that a moment falls in, by the clocks of a zone. */
export function bucketOf(moment: Date, bucket: Bucket, zone: Zone): Date {
  const ahead = zone(moment.getTime());
  const first = begin(moment.getTime() + ahead, bucket);
  return new Date(bucket === "hour" ? first - ahead : firstShown(first, first - ahead, zone));
}

/** The first of the moments about a day around that at which clocks show a time, or would, had they not been put forward. */
function firstShown(wall: number, around: number, zone: Zone): number {
  const [before, after] = [wall - zone(around - DAY), wall - zone(around + DAY)];
  const shown = [before, after].filter((moment) => moment + zone(moment) === wall);
  return shown.length === 0 ? before : Math.min(...shown);
}

/** The same where clocks are those of UTC. */
function begin(wall: number, bucket: Bucket): number {
  const date = new Date(wall);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const midnight = Math.floor(wall / DAY) * DAY;
  switch (bucket) {
    case "year":
      return first(year, 0);
    case "quarter":
      return first(year, month - (month % 3));
    case "month":
      return first(year, month);
    case "week":
      // Sunday is 0, and a week begins on Monday.
      return midnight - ((date.getUTCDay() + 6) % 7) * DAY;
    case "day":
      return midnight;
    case "hour":
      return Math.floor(wall / HOUR) * HOUR;
  }
}

/** The first moment of a month; `Date.UTC` takes the years before 100 for others. */
const first = (year: number, month: number): number => new Date(0).setUTCFullYear(year, month, 1);
