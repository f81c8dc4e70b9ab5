/** What stands behind each comparison of a value in a document. */
interface Operands {
  readonly eq: Scalar | null;
  readonly ne: Scalar | null;
  readonly in: readonly Scalar[];
  readonly notIn: readonly Scalar[];
  readonly gt: string | number;
  readonly gte: string | number;
  readonly lt: string | number;
  readonly lte: string | number;
  readonly contains: string;
  readonly startsWith: string;
  readonly endsWith: string;
  readonly isNull: boolean;
  readonly isNotNull: boolean;
}
type Scalar = string | number | boolean;

/**
 * What is asked of the value at a path of a document: one comparison. A text is the name of a member, a number the place
 * of an element.
 *
 * @example { "meta.json": { path: ["theme", "sizes", 0], gte: 12 } }
 */
export type JsonCondition = {
  [Name in keyof Operands]: { readonly path: readonly (string | number)[] } & {
    readonly [Key in Name]: Operands[Key];
  } & { readonly [Key in Exclude<keyof Operands, Name>]?: never };
}[keyof Operands];
