import type { RowOf } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { copyOf, part, write } from "./dom.ts";
import type { question } from "./feed-view.ts";

/** A post of the feed as the server answers it. */
export type Entry = RowOf<Api, "feed", "GET", ReturnType<typeof question>>;

const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

/** What stands in the feed of a post. */
export function entryItem({ title, body, publishedAt, user, tags, last, _count }: Entry): HTMLElement {
  const item = copyOf("entry");
  const said = _count.comments === 1 ? "1 comment" : `${_count.comments} comments`;
  write(item, { title, body, writer: user.name, said });
  if (publishedAt !== null) {
    const time = part(item, "publishedAt", HTMLTimeElement);
    time.dateTime = publishedAt;
    time.textContent = day.format(new Date(publishedAt));
  }
  part(item, "tags").replaceChildren(...tags.map(({ name }) => badge(name)));
  const [comment] = last;
  part(item, "last").hidden = comment === undefined;
  if (comment !== undefined) write(item, { remark: comment.body, reader: comment.user.name });
  return item;
}

function badge(text: string): HTMLElement {
  const item = document.createElement("li");
  item.className = "badge";
  item.textContent = text;
  return item;
}
