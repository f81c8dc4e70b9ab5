import { columns, type Post } from "./post-row.ts";

const PAGE = 10;

/** What posts can be sorted by. */
export type Column = Exclude<keyof Post, "id">;

/** Which posts are to be seen. */
export interface View {
  readonly title: string;
  readonly column: Column;
  readonly direction: "asc" | "desc";
  readonly page: number;
  /** Whether it is known that no page follows. */
  readonly last: boolean;
}

/** The first page of all, the newest first. */
export const newest: View = { title: "", column: "createdAt", direction: "desc", page: 0, last: false };

/** The question that answers a view. */
export function question({ title, column, direction, page }: View) {
  return {
    mine: true,
    columns,
    ...(title !== "" && { where: { "title.icontains": title } }),
    orderBy: { [column]: direction, id: "asc" },
    limit: PAGE,
    ...(page > 0 && { offset: page * PAGE }),
  } as const;
}

/** Which rows of how many are shown, in words. */
export function range({ title, page }: View, count: number, total: number): string {
  const rows = count === 0 ? "none" : `${page * PAGE + 1}–${page * PAGE + count}`;
  return title === "" ? `${rows} of ${total}` : `${rows} found, of ${total}`;
}

/** Whether another page follows. The total does not know the filter: behind one, a full page may be the last. */
export function hasMore({ title, page, last }: View, count: number, total: number): boolean {
  return title === "" ? (page + 1) * PAGE < total : count === PAGE && !last;
}

/** The first click sorts texts from A and times from the newest, the second the other way round. */
export function sortedBy(view: View, column: Column): View {
  const first = column === "title" || column === "body" ? "asc" : "desc";
  const other = first === "asc" ? "desc" : "asc";
  const again = view.column === column && view.direction === first;
  return { ...view, page: 0, last: false, column, direction: again ? other : first };
}
