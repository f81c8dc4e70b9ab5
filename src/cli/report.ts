import { escaped } from "./table.ts";

/** How a case ended. */
export interface Result {
  readonly name: string;
  /** How the answer differs from what was expected; nothing where it passed. */
  readonly differences: readonly string[];
  readonly milliseconds: number;
}

const passed = ({ differences }: Result): boolean => differences.length === 0;

/** What is told of results, by format. */
export const REPORTS: Readonly<Record<string, (results: readonly Result[]) => string>> = {
  text(results) {
    const lines = results.flatMap((result) =>
      passed(result)
        ? [`ok    ${result.name}`]
        : [`FAIL  ${result.name}`, ...result.differences.map((line) => `        ${line}`)],
    );
    const failed = results.filter((result) => !passed(result)).length;
    return [...lines, "", `${results.length - failed} passed, ${failed} failed`].join("\n");
  },
  tap(results) {
    const lines = results.flatMap((result, index) => {
      const head = `${passed(result) ? "ok" : "not ok"} ${index + 1} - ${result.name.replaceAll("#", "\\#")}`;
      if (passed(result)) return [head];
      return [head, "  ---", "  differences: |", ...result.differences.map((line) => `    ${line}`), "  ..."];
    });
    return ["TAP version 14", `1..${results.length}`, ...lines].join("\n");
  },
  junit(results) {
    const failures = results.filter((result) => !passed(result)).length;
    const cases = results.map((result) => {
      const head = `  <testcase classname="access" name="${escaped(result.name)}" time="${(result.milliseconds / 1_000).toFixed(3)}"`;
      if (passed(result)) return `${head}/>`;
      return `${head}>\n    <failure message="the answer is another">${escaped(result.differences.join("\n"))}</failure>\n  </testcase>`;
    });
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<testsuite name="access" tests="${results.length}" failures="${failures}">`,
      ...cases,
      "</testsuite>",
    ].join("\n");
  },
};
