/** The stretches of the calendar that moments are grouped by. Weeks begin on Monday. */
export const BUCKETS = ["year", "quarter", "month", "week", "day", "hour"] as const;

/** One of them. */
export type Bucket = (typeof BUCKETS)[number];
