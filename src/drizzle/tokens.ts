/** Stand before and behind the number of a column that is mentioned in a text. */
export const MENTION = "\ue000";

/** Texts, comments, names in quotes, mentions, words, and any other character by itself. */
const TOKEN =
  /\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?<tag>\w*)\$.*?\$\k<tag>\$|--[^\n]*|\/\*.*?\*\/|"(?:[^"]|"")*"|`[^`]*`|\[[\p{L}_][\p{L}\p{N}_ ]*\]|\ue000\d+\ue000|[\p{L}_][\p{L}\p{N}_$]*|\S/gisu;

/** The words and signs of SQL, without its comments. */
export const tokensOf = (text: string): readonly string[] =>
  (text.match(TOKEN) ?? []).filter((token) => !/^(?:--|\/\*)/.test(token));
