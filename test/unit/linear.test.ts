import { describe, expect, test } from "bun:test";
import { line, pgTable, point, sparsevec, vector } from "drizzle-orm/pg-core";
import ts from "typescript-5.9";
import { ClientError } from "../../client/error.ts";
import { locate } from "../../client/url.ts";
import { parseJSON, readNumber, writeDigits } from "../../src/digits.ts";
import { QueryError } from "../../src/error.ts";
import { decodeForm } from "../../src/http/media/form.ts";
import { parse } from "../../src/http/parse.ts";
import { nestsTooDeep } from "../../src/nesting.ts";
import { parse as parseRJSON, RJSONParseError, stringify } from "../../src/rjson/rjson.ts";
import { coerce, readCatalog, readField } from "../../src/schema/schema.ts";
import { LOCAL } from "../support/postgresql-types.ts";
import * as sqlite from "../support/schema.ts";
import { filesOf, textOf } from "../support/source.ts";

/** As much as a client can send in one text, nearly; what takes a square of it takes many seconds, and more than that for ever. */
const LENGTH = 100_000;
/** Beyond the slowest machine's linear time; where a pattern gives up after so many steps, the quickest takes longer. */
const MILLISECONDS = 200;
/** So many repetitions first: what is exponential is found before it never ends. */
const FEW = [16, 20, 22, 24, 26, 28];

/** A text of about a length: what is repeated, between what stands before and behind it. */
type Worst = readonly [before: string, repeated: string, behind: string];

const textFrom = ([before, repeated, behind]: Worst, times: number): string =>
  before + repeated.repeat(times) + behind;

/** Which of some texts, and how often repeated, keeps a function longer than a linear one would be. */
function slowest(worst: readonly Worst[], run: (text: string) => void): string | undefined {
  for (const one of worst)
    for (const times of [...FEW, 1_000, Math.ceil(LENGTH / one[1].length)]) {
      const text = textFrom(one, times);
      const takes = (): number => {
        const started = performance.now();
        run(text);
        return performance.now() - started;
      };
      // What is slow is so again; a machine that is busy is not always.
      if ([takes, takes, takes].every((again) => again() > MILLISECONDS))
        return `${JSON.stringify(one)}, ${times} times`;
    }
  return undefined;
}

// What patterns are made of, again and again, and behind it what none of them ends with.
const PUMPS =
  "a|A|0|1|11| |\t|\n|/|\\|\\\\|'|\"|`|.|-|+|:|,|$|[|]|(|)|{|}|_|%|*|?|#|=|&|;|\0|é|a1|a |0.|a.|1:1|1:11|1:1,|''|\"\"|--|::|0:|e1|1e|-1|,1|(a|\\'";
const WHOLE = PUMPS.split("|").map((pump): Worst => ["", pump, "!"]);
const ANY: readonly Worst[] = [...WHOLE, ...WHOLE.map(([, pump]): Worst => ["0", pump, "\0"])];

/** Patterns that repeat something without an end, and what is worst for each. A new one is added here with its own. */
const WORST: Readonly<Record<string, readonly Worst[]>> = {
  [String.raw`/(-*)"([^"]*)"?|(-*)([^\s"]+)/gu`]: [
    ["", "-", ""],
    ["", '"', ""],
    ["", "- ", ""],
  ],
  "/^[a-z_][a-z0-9_]*$/": [["", "a", "-"]],
  [String.raw`/^(?:numeric|decimal|citext|jsonb|interval\b[^[]*)(?:\[\d*\])*$/`]: [
    ["interval", " ", "["],
    ["numeric", "[]", "-"],
    ["numeric[", "1", "-"],
  ],
  // client
  "/^([a-z][a-z\\d+.-]*:)?\\/\\//i": [["", "a.", "!"]],
  "/^\\/+/": [["", "/", "!"]],
  "/^(?:\\d+|__proto__)$/": [["", "0", "!"]],
  // src/engine
  [String.raw`/^\d+$/`]: [["", "0", "!"]],
  // src/matrix
  [String.raw`/[\w$\])]\s*\(|\bnew\b|\x60|\bdelete\b|[^=!<>]=(?![=>])|\+\+|--/`]: [
    ["a", " ", ""],
    ["", "a ", ""],
    ["", "<", ""],
  ],
  [String.raw`/^[\w$\s]*\([^()]*\)/`]: [
    ["", "a ", ""],
    ["(", "a", ""],
  ],
  [String.raw`/=>\s*(?:\(\s*)?([\w$]+)(?:\??\.[\w$]+)*\s*&&/`]: [
    ["=>", " ", ""],
    ["=>", "a", ""],
    ["=>a", ".a", ""],
    ["", "=>", ""],
    ["", "=>a ", ""],
  ],
  [String.raw`/'[^'\n]*'|"[^"\n]*"/g`]: [
    ["", "'", ""],
    ["", `"'`, ""],
    ["'", "a", ""],
  ],
  [String.raw`/\/\*[^*]*\*\/|\/\/[^\n]*/g`]: [
    ["", "/*", ""],
    ["/*", "a", ""],
    ["", "//", ""],
  ],
  [String.raw`/[\s;,()]+/g`]: [["", " ", "a"]],
  [String.raw`/\s+/g`]: [["", " ", "a"]],
  // src, above schema
  '/([!#$%&\'*+.^_`|~\\w-]+)[ \\t]*(?:=[ \\t]*(?:([!#$%&\'*+.^_`|~\\w-]+)|"((?:[^"\\\\]|\\\\.)*)")?[ \\t]*)?/y':
    [
      ["", "a", '"'],
      ["a", " ", '"'],
      ['a="', "a", ""],
      ['a="', "\\", ""],
      ["a=", " ", '"'],
    ],
  [String.raw`/([(,][A-Za-z_][\w.]*:)(?:(-?(?:0|[1-9]\d{0,14}))|('|%27)([\w .:@~/-]*)\3)(?=[,)])/g`]: [
    ["(", "a", ""],
    ["", "(a", ""],
    ["", "(a:'a", ""],
    ["(a:'", "a", ""],
    ["", "(a:%27", "'"],
    ["", "(a:'b'", "!"],
  ],
  "/[ \\t]*(?:,[ \\t]*)*/y": [
    ["", ",", "a"],
    ["", " ", "a"],
    ["", ", ", "a"],
  ],
  "/;[ \\t]*/y": [[";", " ", "a"]],
  "/^0+/": [["", "0", "!"]],
  "/^\\/[^?#]*$/": [["/", "/", "?"]],
  "/^([+-]?)(\\d*)(?:\\.(\\d*))?(?:e([+-]?\\d+))?$/i": [
    ["", "0", "!"],
    ["0.", "0", "!"],
    ["1e", "0", "!"],
  ],
  "/^-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?$/": [
    ["1", "0", "!"],
    ["1.", "0", "!"],
    ["1e", "0", "!"],
  ],
  "/-?\\d[\\d.eE+-]*/y": [["", "0", "!"]],
  "/^\\s*(?:basic|digest|negotiate|ntlm)\\b/i": [["", " ", "basicx"]],
  "/(?:^|[^\\\\])(?:\\\\\\\\)*\\\\$/": [
    ["", "\\\\", "a"],
    ["a", "\\", "a"],
    ["", "a\\\\", "a"],
  ],
  "/^[A-Za-z_][A-Za-z0-9_.]*$/": [["", "a", "!"]],
  "/^[\\w-]+$/": [["", "a", "!"]],
  "/^[\\0-\\x7f]*$/": [["", "a", "é"]],
  // src/schema
  "/^\\s*(?:$|[+-]?0[xob])/i": [["", " ", "0y"]],
  "/^-?\\d+$/": [["", "0", "!"]],
  "/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/": [
    ["", "a", "!"],
    ["", "aaaa", "aa="],
  ],
  "/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i": [["00000000", "-0000", ""]],
  "/^[01]*$/": [["", "0", "2"]],
  "/^\\\\x(?:[0-9a-f]{2})*$/i": [["\\x", "0", "g"]],
  "/\\.\\d+/": [
    ["", ".", ""],
    [".", "0", ""],
  ],
  "/^([+-]?)(\\d{1,10})(\\.\\d{1,9})? ?([a-z]+)$/": [["1 ", "a", "!"]],
  "/^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5})$/i": [["00", ":00", "!"]],
  "/^[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5}|(?:-[0-9a-f]{2}){5}|(?::[0-9a-f]{2}){7}|(?:-[0-9a-f]{2}){7})$/i": [
    ["00", ":00", "!"],
  ],
  "/^([0-9a-f.:]+)(?:\\/(\\d{1,3}))?$/i": [
    ["", "0", "!"],
    ["", "0", "/1234"],
  ],
  "/^([+-]?\\d+)(?:\\.0*)?$/": [
    ["", "0", "!"],
    ["0.", "0", "1"],
  ],
  "/^[+-]?\\d*/": [["", "0", "!"]],
  "/e.*/i": [["", "e", "\n"]],
  "/^\\{((?:\\d{1,9}:-?\\d{1,9}(?:\\.\\d{1,9})?(?:,(?=\\d)|(?=\\})))*)\\}\\/(\\d{1,9})$/": [
    ["{", "1:11", "}/x"],
    ["{", "1:1,", "!"],
    ["{", "1:1,", "1:1}/x"],
    ["{", "1:1.11", "}/x"],
  ],
  // src/syntax: what is stored
  "/\\.0+$/": [
    [".", "0", "1"],
    ["", ".0", "1"],
  ],
  "/^\\d+(-.*)\\.000Z$/": [
    ["", "0", "!"],
    ["0-", ".000Z", "!"],
  ],
  "/^(\\d+)-(\\d\\d)-(\\d\\d)(?:T(\\d\\d):(\\d\\d):(\\d\\d)(\\.\\d+)?(?:([+-])(\\d\\d)(?::(\\d\\d))?(?::(\\d\\d))?)?)?( BC)?$/":
    [
      ["", "0", "!"],
      ["1-01-01T00:00:00.", "0", "!"],
    ],
  // src/dialect: codes and messages of drivers
  "/^SQLITE_CONSTRAINT_(.+)$/": [["SQLITE_CONSTRAINT_", "a", "\n"]],
  "/cannot store \\w+ value in|datatype mismatch/": [
    ["cannot store ", "a", "!"],
    ["", "cannot store ", "!"],
  ],
  "/^\\s*(select|explain|values)\\b/i": [["", " ", "selects"]],
  "/^\\s*(insert|update|delete|replace|with)\\b/i": [["", " ", "inserts"]],
  "/^(E[A-Z]+|UND_ERR_\\w+)$/": [["E", "A", "!"]],
  "/^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|ERR_POSTGRES_(CONNECTION_\\w+|(IDLE|LIFETIME)_TIMEOUT))$/":
    [["ERR_POSTGRES_CONNECTION_", "A", "!"]],
  "/^(E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|NOTCONN|AI_AGAIN)|ERR_(SOCKET|STREAM)_\\w+)$/":
    [["ERR_SOCKET_", "A", "!"]],
  "/^(?=.*\\d)[0-9A-Z]{5}$/": [["", "A", "\n"]],
};

/** Files whose patterns only see what authors wrote, in their schema or their SQL; what they repeat is theirs. */
const AUTHORS =
  /^src\/(?:drizzle\/|policy\/|compile\/write\/(?:cells|reach|rehearsal)\.ts$|schema\/(?:cast|type)\.ts$)/;

/** Files that make patterns of texts, which are tried below by what uses them. */
const MADE: readonly string[] = ["src/digits.ts", "src/schema/moment.ts"];

interface Found {
  readonly file: string;
  readonly pattern: string;
}

/** The patterns of the sources, and the files where others are made of texts. */
function collect(): { readonly patterns: readonly Found[]; readonly made: readonly string[] } {
  const patterns: Found[] = [];
  const made = new Set<string>();
  for (const file of filesOf("src", "client").filter((name) => !AUTHORS.test(name))) {
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) patterns.push({ file, pattern: node.text });
      if (ts.isIdentifier(node) && node.text === "RegExp" && isCalled(node)) made.add(file);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true));
  }
  return { patterns, made: [...made] };
}

const isCalled = ({ parent }: ts.Node): boolean => ts.isNewExpression(parent) || ts.isCallExpression(parent);

/** Whether a pattern repeats nothing without an end, and no group more than once: then it looks at no more than so many characters. */
function isShort(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\./g, "x").replaceAll(/\[[^\]]*\]/g, "x");
  return !/[*+]|\{\d+,\}|\)\{/.test(bare);
}

function regExp(pattern: string): RegExp {
  const end = pattern.lastIndexOf("/");
  return new RegExp(pattern.slice(1, end), pattern.slice(end + 1));
}

const { patterns, made } = collect();

describe("patterns that see what clients write take time in proportion to it", () => {
  test("there are patterns", () => expect(patterns.length).toBeGreaterThan(60));

  test("a new one that repeats without an end says what is worst for it", () => {
    const unknown = patterns.filter(({ pattern }) => !isShort(pattern) && WORST[pattern] === undefined);
    expect(unknown).toEqual([]);
    expect(made.toSorted()).toEqual([...MADE]);
    const gone = Object.keys(WORST).filter((known) => !patterns.some(({ pattern }) => pattern === known));
    expect(gone).toEqual([]);
  });

  test.each([...new Map(patterns.map((found) => [found.pattern, found])).values()])(
    "$file: $pattern",
    ({ pattern }) => {
      const expression = regExp(pattern);
      const all = expression.global;
      const run = (text: string): void => {
        if (all) text.replaceAll(expression, "");
        else expression.exec(text);
      };
      expect(slowest([...(WORST[pattern] ?? []), ...ANY], run)).toBeUndefined();
    },
    120_000,
  );

  test("the guard sees what is not linear", () => {
    expect(isShort("/a{1,9}b?[*+]\\*/")).toBe(true);
    for (const pattern of ["/a*/", "/a+/", "/a{2,}/", "/(?:a?){30}/"]) expect(isShort(pattern)).toBe(false);
    expect(slowest([["", "a", "!"]], (text) => /^(?:a|a)*$/.exec(text))).toBeDefined();
  }, 60_000);
});

const REFUSALS = [QueryError, RJSONParseError, SyntaxError, ClientError];

/** Tries what may refuse. */
const trying =
  (run: (text: string) => void) =>
  (text: string): void => {
    try {
      run(text);
    } catch (error) {
      if (!REFUSALS.some((kind) => error instanceof kind)) throw error;
    }
  };

const shapes = pgTable("shapes", {
  point: point("point"),
  line: line("line"),
  vector: vector("vector", { dimensions: 3 }),
  sparse: sparsevec("sparse", { dimensions: 3 }),
});

describe("so does all else that reads what clients write", () => {
  const tables = [readCatalog({ LOCAL }), readCatalog({ shapes }), readCatalog(sqlite)].flatMap((catalog) => [
    ...catalog.values(),
  ]);
  const columns = new Map(
    tables.flatMap(({ columns: own }) =>
      [...own.values()].map((column) => [`${column.column.columnType} ${column.type}`, column] as const),
    ),
  );
  const OWN: readonly Worst[] = [
    ["{", "1:11", "}/x"],
    ["1 year ", "1 day ", "!"],
    ["1.", "0", "1"],
    ["1", "0", "1"],
    ["1e", "1", ""],
    ["2024-01-01T00:00:00.", "0", "Z"],
    ["00:00", ":00", ""],
    ["[", "[", ""],
    ['"', "\\", '"'],
  ];

  test.each([...columns])(
    "values of %s, asked for, stored and of a form",
    (_, column) => {
      const run = (text: string): void => {
        for (const read of [
          () => coerce(column, text, "", false),
          () => coerce(column, text, "", true),
          () => readField(column, text, ""),
        ])
          trying(read)(text);
      };
      expect(slowest([...WHOLE, ...OWN], run)).toBeUndefined();
    },
    120_000,
  );

  const READERS: Readonly<Record<string, (text: string) => void>> = {
    RJSON: parseRJSON,
    JSON: (text) => parseJSON(text),
    "a form": decodeForm,
    nesting: nestsTooDeep,
    "a number": readNumber,
    "a query": (text) => parse("GET", "posts", `?select=${text}`),
    "a name": (text) => parse("GET", "posts", `?${text}`),
    "text as RJSON": (text) => stringify({ [text]: text }),
    "the URL of a client": (text) => locate(text, `http://a${text}`, new URLSearchParams()),
    "numbers with all their digits": (text) => writeDigits([text, readNumber("0.12345678901234567890")]),
  };
  test.each(Object.entries(READERS))(
    "%s",
    (_, read) => {
      const inside = [...WHOLE, ...OWN].flatMap(([before, repeated, behind]): readonly Worst[] => [
        [before, repeated, behind],
        [`(a:'${before}`, repeated, `${behind}')`],
        [`["${before}`, repeated, `${behind}"]`],
        [`[1${before}`, repeated, `${behind}1]`],
        [`_(${before}`, `${repeated},`, `${behind})_`],
      ]);
      expect(slowest(inside, trying(read))).toBeUndefined();
    },
    120_000,
  );
});
