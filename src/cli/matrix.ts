import { type Matrix, matrixOf } from "../matrix/matrix.ts";
import { chosen, type Command, type Outcome, readJSON } from "./command.ts";
import { differences } from "./difference.ts";
import { loadApi } from "./load.ts";
import { rulesOf } from "./rules.ts";
import { htmlOf, markdownOf, textOf } from "./table.ts";

const FORMATS: Readonly<Record<string, (matrix: Matrix) => string>> = {
  table: textOf,
  markdown: markdownOf,
  html: htmlOf,
  json: (matrix) => `${JSON.stringify(matrix, null, 2)}\n`,
};

export const matrixCommand: Command = {
  name: "matrix",
  says: "who may do what: by role, resource and method, with columns and rows",
  takes: "<module>",
  options: {
    format: { value: "<format>", says: `${Object.keys(FORMATS).join(", ")}; a table by default` },
    check: { value: "<file>", says: "fails where a matrix that was kept as JSON is another" },
  },
  more: "The module is run as code. No database is needed: conditions of rows are asked of their functions once, with a context\nthat stands for anybody's; what throws, branches or waits is told by the hash of its source.",
  async run({ positionals: [path], text }) {
    const format = chosen("format", FORMATS, text("format"));
    const { registry } = rulesOf(await loadApi(path));
    const matrix = matrixOf(registry);
    const kept = text("check");
    if (kept !== undefined) return compared(kept, matrix);
    return { code: 0, text: format(matrix), json: matrix };
  },
};

function compared(file: string, matrix: Matrix): Outcome {
  const found = differences(readJSON(file), JSON.parse(JSON.stringify(matrix)));
  if (found.length === 0)
    return { code: 0, text: `${file} is current`, json: { current: true, differences: [] } };
  const text = [`${file} is not current:`, ...found].join("\n");
  return { code: 1, text, json: { current: false, differences: found } };
}
