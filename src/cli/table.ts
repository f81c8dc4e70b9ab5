import type { Matrix, MatrixNode, MatrixRule, MatrixRows } from "../matrix/matrix.ts";

/** A matrix as cells: who may do what, then what each rule lets be done. */
interface Tables {
  readonly access: readonly (readonly string[])[];
  readonly rules: readonly (readonly string[])[];
}

function tablesOf({ callers, rules }: Matrix): Tables {
  const names = Object.keys(callers);
  const places = new Set(
    Object.values(callers).flatMap((resources) =>
      Object.entries(resources).flatMap(([resource, methods]) =>
        Object.keys(methods).map((method) => `${resource} ${method}`),
      ),
    ),
  );
  const access = [...places].toSorted().map((place) => {
    const [resource, method] = place.split(" ") as [string, string];
    return [resource, method, ...names.map((name) => cellOf(callers[name]?.[resource]?.[method]))];
  });
  return {
    access: [["resource", "method", ...names], ...access],
    rules: [
      ["rule", "reads", "writes", "rows"],
      ...Object.entries(rules).map(([path, rule]) => rowOf(path, rule)),
    ],
  };
}

/** The rules that answer, the one of a question without a scope first; the others with their scopes. */
const cellOf = (rules: Readonly<Record<string, string>> = {}): string =>
  Object.entries(rules)
    .map(([role, scopes]) => (scopes.startsWith("none") ? role : `${role} (${scopes})`))
    .join("; ") || "–";

function rowOf(path: string, rule: MatrixRule): readonly string[] {
  return [path, rule.read.join(" ") || "–", rule.write?.join(" ") || "–", rowsOf(rule)];
}

function rowsOf({ rows, always, parents = {}, check }: MatrixNode & Partial<MatrixRule>): string {
  const parts = [
    told(rows),
    ...(always === undefined ? [] : [told(always)]),
    ...Object.entries(parents).map(([name, resource]) => `a row of ${name} that ${resource} shows`),
    ...(check === undefined ? [] : [`written: ${told(check)}`]),
  ];
  return [...new Set(parts)].filter((part, _, all) => part !== "all" || all.length === 1).join("; ");
}

const told = (rows: MatrixRows): string =>
  typeof rows === "string" ? rows : "sql" in rows ? rows.sql : `as its function says (${rows.dynamic})`;

/** A matrix for a terminal. */
export function textOf(matrix: Matrix): string {
  const { access, rules } = tablesOf(matrix);
  return `${aligned(access)}\n\n${aligned(rules)}`;
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A matrix for a page of Markdown. */
export function markdownOf(matrix: Matrix): string {
  const { access, rules } = tablesOf(matrix);
  const table = ([head, ...rows]: readonly (readonly string[])[]): string =>
    [head!, head!.map(() => "---"), ...rows]
      .map(
        (row) => `| ${row.map((cell) => cell.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join(" | ")} |`,
      )
      .join("\n");
  return `## Who may do what\n\n${table(access)}\n\n## What the rules say\n\n${table(rules)}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text that a page shows as it is. */
export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ESCAPES[sign]!);

/** A matrix as a page of its own. */
export function htmlOf(matrix: Matrix): string {
  const { access, rules } = tablesOf(matrix);
  const table = ([head, ...rows]: readonly (readonly string[])[]): string =>
    `<table>\n<tr>${head!.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join("")}</tr>\n${rows
      .map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`)
      .join("\n")}\n</table>`;
  return [
    '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Who may do what</title>',
    "<style>body{font:14px/1.5 system-ui;margin:2rem}table{border-collapse:collapse;margin-bottom:2rem}th,td{border:1px solid #8888;padding:.3rem .6rem;text-align:left;vertical-align:top}</style>",
    `<h1>Who may do what</h1>\n${table(access)}\n<h2>What the rules say</h2>\n${table(rules)}\n</html>`,
  ].join("\n");
}
