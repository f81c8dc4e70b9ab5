import { columns, type Post } from "./post-row.ts";

const PAGE = 10;

/** What posts can be sorted by. */
export type Column = Exclude<keyof Post, "id" | "version">;

/** Which posts are to be seen. */
export interface View {
  readonly title: string;
  readonly column: Column;
  readonly direction: "asc" | "desc";
  readonly page: number;
}

/** The first page of all, the newest first. */
export const newest: View = { title: "", column: "createdAt", direction: "desc", page: 0 };

/** The question that answers a view. */
export function question({ title, column, direction, page }: View) {
  return {
    mine: true,
    countFiltered: true,
    columns,
    ...(title !== "" && { where: { "title.icontains": title } }),
    orderBy: { [column]: direction, id: "asc" },
    limit: PAGE,
    ...(page > 0 && { offset: page * PAGE }),
  } as const;
}

/** How many posts there are, and how many of them the view is about. */
export interface Counts {
  readonly filtered: number;
  readonly total: number;
}

/** Which rows of how many are shown, in words. */
export function range({ title, page }: View, count: number, { filtered, total }: Counts): string {
  const rows = count === 0 ? "none" : `${page * PAGE + 1}–${page * PAGE + count} of ${filtered}`;
  return title === "" ? rows : `${rows} found, of ${total}`;
}

/** The number of the last page. */
export const lastPage = ({ filtered }: Counts): number => Math.max(0, Math.ceil(filtered / PAGE) - 1);

/** The first click sorts texts from A and times from the newest, the second the other way round. */
export function sortedBy(view: View, column: Column): View {
  const first = column === "title" || column === "body" ? "asc" : "desc";
  const other = first === "asc" ? "desc" : "asc";
  const again = view.column === column && view.direction === first;
  return { ...view, page: 0, column, direction: again ? other : first };
}
