/**
 * Whether a value is a `Response`. Some servers put a class of their own in the place of the platform's, and what `fetch`
 * and `clone` answer is then no instance of it.
 */
export const isResponse = (value: unknown): value is Response =>
  value instanceof Response || Object.prototype.toString.call(value) === "[object Response]";

/**
 * A `Response` whose body is still there.
 *
 * @throws TypeError for one that was answered, or read, before.
 */
export function unread(response: Response): Response {
  if (response.bodyUsed || response.body?.locked === true)
    throw new TypeError("a `Response` is used up by its answer: make a new one each time");
  return response;
}
