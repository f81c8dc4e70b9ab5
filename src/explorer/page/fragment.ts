import { read } from "./model/forms.ts";
import { PREFER, ROLLBACK } from "./model/prefer.ts";
import { type Asked, asked, isWrite, pathOf, type Place } from "./model/request.ts";

/**
 * A question as the end of a link: its method, where that writes, with the versions it is for and whether it is only tried
 * out, and its path. No body is in it.
 */
export function fragmentOf(question: Asked, place: Place): string {
  const { ifVersion, dryRun } = question;
  const versions = ifVersion === undefined ? "" : `~${[ifVersion].flat().join(",")}`;
  const tried = dryRun === true ? TRIED : "";
  const method = isWrite(question.method) ? `${question.method}${versions}${tried}:` : "";
  return `#${method}${pathOf(question, place)}`;
}

/** The question of a link: it waits to be run. */
export function readFragment(hash: string, { base }: Place): Asked | undefined {
  const slash = hash.indexOf("/");
  const path = hash.slice(slash);
  if (slash < 1 || !path.startsWith(`${base}/`)) return undefined;
  const written = slash === 1 ? asked("").method : hash.slice(1, slash - 1);
  const isTried = written.endsWith(TRIED);
  const [method, versions] = (isTried ? written.slice(0, -TRIED.length) : written).split("~");
  const guard = versions === undefined ? "" : `\nif-match: ${tagsIn(versions)}`;
  const tried = isTried ? `\n${PREFER}: ${ROLLBACK}` : "";
  const result = read("http", `${method} ${path}${guard}${tried}`, asked(""));
  return "asked" in result ? result.asked : undefined;
}

/** Stands behind the method of what is only tried out. */
const TRIED = "~rollback";

const tagsIn = (versions: string): string =>
  versions === "*" ? versions : `"${versions.split(",").join('", "')}"`;
