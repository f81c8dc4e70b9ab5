import { Misread } from "./request.ts";

/** The header by which a write is only tried out, and what it holds. */
export const PREFER = "prefer";
export const ROLLBACK = "tx=rollback";

/**
 * Reads a line of headers, `Prefer: tx=rollback`: whether a write is only tried out; nothing where the line says nothing of
 * that.
 *
 * @throws Misread for any other `tx`: what was meant as a try must not become a write.
 */
export function readPrefer(line: string, at: number): boolean | undefined {
  const [name = "", ...rest] = line.split(":");
  if (name.trim().toLowerCase() !== PREFER) return undefined;
  // Parameters say nothing, and of several of one name the first counts.
  const words = partsOf(rest.join(":"), ",").map((one) =>
    partsOf(one, ";")[0]!
      .split("=")
      .map((word) => word.trim().toLowerCase()),
  );
  const value = words.find(([word]) => word === "tx")?.[1]?.replaceAll('"', "");
  if (value === "rollback") return true;
  if (value === "commit") return false;
  if (words.some(([word]) => word === "tx"))
    throw new Misread("`tx` takes rollback or commit", at, "write Prefer: tx=rollback");
  return undefined;
}

/** The parts of a text between separators, of which those in quotes are none. */
function partsOf(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text[index];
    if (unit === '"') quoted = !quoted;
    else if (quoted && unit === "\\") index++;
    else if (!quoted && unit === separator) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, text.slice(from)];
}
