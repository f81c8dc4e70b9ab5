import type { RowOf } from "@bepalo/query/client";
import type { Api } from "./api.ts";
import { copyOf, find, part, write } from "./dom.ts";
import { onSubmit } from "./form.ts";
import { attempt } from "./messages.ts";

/** The columns of a post that the page asks for. */
export const columns = {
  id: true,
  title: true,
  body: true,
  version: true,
  createdAt: true,
  updatedAt: true,
} as const;

/** A post as the server answers it. */
export type Post = RowOf<Api, "posts", "GET", { readonly columns: typeof columns }>;

/** What can be done with a post in its row. */
export interface PostActions {
  /** Answers the post as somebody else has left it meanwhile, where that stands in the way. */
  readonly save: (post: Post, changed: Pick<Post, "title" | "body">) => Promise<Post | undefined>;
  readonly remove: (post: Post) => Promise<void>;
  /** Hears that a post is edited no longer, and was not saved. */
  readonly closed: () => void;
}

const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** The row of a post, which turns into a form when it is to be edited. */
export function postRow(post: Post, actions: PostActions): HTMLElement {
  const { id, title, body, createdAt, updatedAt } = post;
  const row = copyOf("post-row");
  row.dataset["id"] = id;
  write(row, { title, body });
  tell(part(row, "createdAt", HTMLTimeElement), createdAt);
  tell(part(row, "updatedAt", HTMLTimeElement), updatedAt);
  button(row, "edit", `Edit ${title}`, () => edit(row, post, actions));
  button(row, "delete", `Delete ${title}`, () => attempt(() => actions.remove(post)));
  return row;
}

/** Puts the keyboard back to a post that was edited. */
export function focusPost(root: ParentNode, id: string): void {
  root.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] [data-part="edit"]`)?.focus();
}

/** Draws rows anew, and gives the keyboard back to the button that had it. */
export function holdFocus(root: ParentNode, draw: () => void): void {
  const held = document.activeElement;
  const id = held?.closest<HTMLElement>("[data-id]")?.dataset["id"];
  const name = held instanceof HTMLElement ? held.dataset["part"] : undefined;
  draw();
  if (id === undefined || name === undefined) return;
  root.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] [data-part="${name}"]`)?.focus();
}

function edit(row: HTMLElement, post: Post, actions: PostActions): void {
  // One at a time: the form of a row has an id.
  document.querySelector<HTMLElement>("#edit-post [data-part=cancel]")?.click();
  const editor = copyOf("post-editor");
  const title = find(editor, "[name=title]", HTMLInputElement);
  title.value = post.title;
  find(editor, "[name=body]", HTMLTextAreaElement).value = post.body;

  const cancel = () => {
    editor.replaceWith(row);
    part(row, "edit").focus();
    actions.closed();
  };
  part(editor, "cancel").addEventListener("click", cancel);
  editor.addEventListener("keydown", ({ key }) => key === "Escape" && cancel());
  let known = post;
  onSubmit(find(editor, "form", HTMLFormElement), async ({ title = "", body = "" }) => {
    const theirs = await actions.save(known, { title, body });
    if (theirs === undefined) return;
    // Both are to be seen; who saves once more has seen the other.
    known = theirs;
    write(part(editor, "theirs"), { "their-title": theirs.title, "their-body": theirs.body });
    part(editor, "theirs").hidden = false;
  });
  row.replaceWith(editor);
  title.select();
}

function button(row: HTMLElement, name: string, label: string, act: () => void): void {
  const found = part(row, name);
  found.ariaLabel = label;
  found.addEventListener("click", act);
}

function tell(time: HTMLTimeElement, iso: string): void {
  const moment = new Date(iso);
  time.dateTime = iso;
  time.title = minute.format(moment);
  time.textContent = day.format(moment);
}
