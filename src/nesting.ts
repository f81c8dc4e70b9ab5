/** How deep lists and maps may nest: RJSON's own bound. */
export const MAX_DEPTH = 64;

const [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = [34, 91, 93, 123, 125];

/** Whether JSON nests too deep. Looked at before it is parsed: a mebibyte of brackets would cost half a gibibyte. */
export function nestsTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === QUOTE) index = endOfString(text, index);
    else if (unit === OPEN_LIST || unit === OPEN_MAP) {
      if (++depth > MAX_DEPTH) return true;
    } else if (unit === CLOSE_LIST || unit === CLOSE_MAP) depth--;
  }
  return false;
}

const BACKSLASH = 92;

/** The place of the quote that ends a JSON string, or the end of a text that never does. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
