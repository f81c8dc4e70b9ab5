/** What the compiler is told where there is little to check: else it checks in four ways at once, each of which begins anew. */
export const ONE_CHECKER: readonly string[] = ["--checkers", "1"];
