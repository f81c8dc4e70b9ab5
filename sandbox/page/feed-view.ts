const PAGE = 6;

/** What is looked for in the feed. */
export interface FeedFilter {
  /** Words, as people write them into a search box. */
  readonly words: string;
  readonly tag: string;
  /** Whether only posts are shown under which somebody said something. */
  readonly discussed: boolean;
}

/** A page of it. */
export interface FeedView extends FeedFilter {
  /** How many posts stand before the page, as far as they were counted on the way. */
  readonly from: number;
  /** The cursor that the page is behind, or before. */
  readonly after?: string;
  readonly before?: string;
}

/** What an answer says about a page. */
export interface Turned {
  readonly count: number;
  readonly filtered: number;
  readonly page: { readonly next: string | null; readonly previous: string | null };
}

/** What is asked of each post: its writer, its tags, how much is said under it, and the last of that. */
const shape = {
  columns: { title: true, body: true, publishedAt: true },
  with: {
    user: { columns: { name: true } },
    tags: { columns: { name: true }, orderBy: { name: "asc" } },
    last: {
      relation: "comments",
      columns: { body: true },
      with: { user: { columns: { name: true } } },
      orderBy: { createdAt: "desc" },
      limit: 1,
    },
  },
  count: { comments: true },
} as const;

/** The question that answers a view: the newest first, or what fits best where words are looked for. */
export function question({ words, tag, discussed, after, before }: FeedView) {
  const newest = { publishedAt: "desc", id: "asc" } as const;
  const searched = words.trim() !== "";
  const where = {
    ...(tag !== "" && ({ "tags.some": { name: tag } } as const)),
    ...(discussed && ({ comments: true } as const)),
  };
  return {
    ...((tag !== "" || discussed) && { where }),
    ...(searched && { search: words }),
    orderBy: { ...(searched && ({ search: "desc" } as const)), ...newest },
    limit: PAGE,
    cursor: true,
    countFiltered: true,
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    ...shape,
  } as const;
}

/** The first page of what is looked for. */
export const firstPage = ({ words, tag, discussed }: FeedFilter): FeedView => ({
  words,
  tag,
  discussed,
  from: 0,
});

/** The page behind one. */
export const pageAfter = (view: FeedView, { count, page }: Turned): FeedView =>
  page.next === null ? view : { ...firstPage(view), from: view.from + count, after: page.next };

/** The page before one. */
export const pageBefore = (view: FeedView, { page }: Turned): FeedView =>
  page.previous === null
    ? view
    : { ...firstPage(view), from: Math.max(0, view.from - PAGE), before: page.previous };

/** How many posts stand before a page: at both ends of the list that is known, whatever was added meanwhile. */
export function standingBefore({ from }: FeedView, { count, filtered, page }: Turned): number {
  if (page.previous === null) return 0;
  return page.next === null ? filtered - count : from;
}

/** Which posts of how many are shown, in words. */
export function range({ words, tag, discussed, from }: FeedView, { count, filtered }: Turned): string {
  const found = words.trim() !== "" || tag !== "" || discussed ? " found" : "";
  return count === 0 ? `none${found}` : `${from + 1}–${from + count} of ${filtered}${found}`;
}
