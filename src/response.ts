/**
 * Whether a value is a `Response`. Some servers put a class of their own in the place of the platform's, and what `fetch`
 * and `clone` answer is then no instance of it.
 */
export const isResponse = (value: unknown): value is Response =>
  value instanceof Response || Object.prototype.toString.call(value) === "[object Response]";
