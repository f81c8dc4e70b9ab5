/** The values of a statement with null for what is missing: drivers refuse `undefined`, or never answer it. */
export const presentValues = (values: readonly unknown[]): readonly unknown[] =>
  values.includes(undefined) ? values.map((value) => value ?? null) : values;
