/** How two values differ, a line for each place: `-` is what was expected, `+` what is there. */
export function differences(expected: unknown, found: unknown, path = ""): readonly string[] {
  if (isMap(expected) && isMap(found)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
    return [...keys].flatMap((key) =>
      differences(expected[key], found[key], path === "" ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(found)) {
    const length = Math.max(expected.length, found.length);
    return Array.from({ length }, (_, index) =>
      differences(expected[index], found[index], `${path}[${index}]`),
    ).flat();
  }
  if (JSON.stringify(expected) === JSON.stringify(found)) return [];
  const place = path === "" ? "" : `${path}: `;
  return [
    ...(expected === undefined ? [] : [`- ${place}${JSON.stringify(expected)}`]),
    ...(found === undefined ? [] : [`+ ${place}${JSON.stringify(found)}`]),
  ];
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
