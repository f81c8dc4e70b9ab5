// Reads texts piece by piece, to colour them: in time that grows with the text, whatever stands in it.

/** Where the units that satisfy a test end, from a place on. */
export function endOf(text: string, from: number, test: (unit: string) => boolean): number {
  let at = from;
  while (at < text.length && test(text[at]!)) at++;
  return at;
}

/** Where a quoted text ends that begins at a place; a backslash keeps what follows it, where `escapes`. */
export function endOfQuoted(text: string, from: number, escapes: boolean): number {
  const quote = text[from]!;
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += escapes && text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

export const isLetter = (unit: string): boolean => /[A-Za-z_$]/.test(unit);
export const isNameUnit = (unit: string): boolean => /[\w.$-]/.test(unit);
export const isDigit = (unit: string): boolean => unit >= "0" && unit <= "9";
