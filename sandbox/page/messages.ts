import { ClientError } from "@bepalo/query/client";
import { find, part, write } from "./dom.ts";

const news = find(document, "#news", HTMLElement);
const problem = find(document, "#problem", HTMLElement);

part(problem, "dismiss").addEventListener("click", () => (problem.hidden = true));

let fading: ReturnType<typeof setTimeout> | undefined;

/** Says what happened for a while, and takes back what went wrong before. */
export function say(text: string): void {
  clearTimeout(fading);
  fading = setTimeout(() => (news.textContent = ""), 6_000);
  news.textContent = text;
  problem.hidden = true;
}

/** Shows what went wrong, word for word as the server said it. */
export function showProblem(error: unknown): void {
  // A newer question took this one's place.
  if (error instanceof ClientError && error.code === "aborted") return;
  const { message, ...details } = described(error);
  write(problem, { error: message });
  for (const [name, text] of Object.entries(details)) fill(name, text === undefined ? [] : [text]);
  fill("issues", issuesOf(error));
  news.textContent = "";
  problem.hidden = false;
}

/** Does something that may fail, and shows it when it does. */
export function attempt(task: () => Promise<void>): void {
  task().catch(showProblem);
}

function described(error: unknown) {
  if (error instanceof ClientError) {
    const { message, code, status, path, hint } = error;
    return { message, code: status > 0 ? `${code} (${status})` : code, path, hint };
  }
  return { message: String(error), code: undefined, path: undefined, hint: undefined };
}

const issuesOf = (error: unknown): readonly string[] =>
  error instanceof ClientError ? (error.issues ?? []).map(({ message }) => message) : [];

/** A line of the list, left out when there is nothing to say. */
function fill(name: string, texts: readonly string[]): void {
  const place = part(problem, name);
  if (place instanceof HTMLUListElement) place.replaceChildren(...texts.map(item));
  else place.textContent = texts.join("\n");
  const line = place.closest("div");
  if (line) line.hidden = texts.length === 0;
}

function item(text: string): HTMLLIElement {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}
