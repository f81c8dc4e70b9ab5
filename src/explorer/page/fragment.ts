import { read } from "./model/forms.ts";
import { type Asked, asked, isWrite, pathOf, type Place } from "./model/request.ts";

/** A question as the end of a link: its method, where that writes, with the versions it is for, and its path. No body is in it. */
export function fragmentOf(question: Asked, place: Place): string {
  const { ifVersion } = question;
  const versions = ifVersion === undefined ? "" : `~${[ifVersion].flat().join(",")}`;
  const method = isWrite(question.method) ? `${question.method}${versions}:` : "";
  return `#${method}${pathOf(question, place)}`;
}

/** The question of a link: it waits to be run. */
export function readFragment(hash: string, { base }: Place): Asked | undefined {
  const slash = hash.indexOf("/");
  const path = hash.slice(slash);
  if (slash < 1 || !path.startsWith(`${base}/`)) return undefined;
  const [method, versions] = slash === 1 ? [asked("").method] : hash.slice(1, slash - 1).split("~");
  const guard = versions === undefined ? "" : `\nif-match: ${tagsIn(versions)}`;
  const result = read("http", `${method} ${path}${guard}`, asked(""));
  return "asked" in result ? result.asked : undefined;
}

const tagsIn = (versions: string): string =>
  versions === "*" ? versions : `"${versions.split(",").join('", "')}"`;
