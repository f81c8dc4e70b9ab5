import type { Matrix } from "../matrix/matrix.ts";
import type { Call, Parts } from "./call.ts";
import type { Explanation, Wishes } from "./explain.ts";

/** What is asked of an engine by who looks behind its rules: few do, and what answers them is loaded then. */
export interface Inspection {
  /** Why a request is answered as it is: it is not run. */
  explain(call: Call<unknown>, wishes: Wishes): Promise<Explanation>;
  /** Who may do what. */
  matrix(): Promise<Matrix>;
}

export const inspectionOf = (parts: Parts): Inspection => ({
  async explain(call, wishes) {
    const { explain } = await import("./explain.ts");
    return explain(parts, call, wishes);
  },
  async matrix() {
    const { matrixOf } = await import("../matrix/matrix.ts");
    return matrixOf(parts.policies.registry);
  },
});
