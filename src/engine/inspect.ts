import type { Matrix } from "../matrix/matrix.ts";
import type { Call, Parts } from "./call.ts";
import type { Explanation } from "./explain.ts";

/** What is asked of an engine by who looks behind its rules: few do, and what answers them is loaded then. */
export interface Inspection {
  /** Why a request is answered as it is: it is not run. `values`: whether its values are shown. */
  explain(call: Call<unknown>, values: boolean): Promise<Explanation>;
  /** Who may do what. */
  matrix(): Promise<Matrix>;
}

export const inspectionOf = (parts: Parts): Inspection => ({
  async explain(call, values) {
    const { explain } = await import("./explain.ts");
    return explain(parts, call, values);
  },
  async matrix() {
    const { matrixOf } = await import("../matrix/matrix.ts");
    return matrixOf(parts.policies.registry);
  },
});
