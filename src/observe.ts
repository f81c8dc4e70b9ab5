/** One thing that happened, for whoever logs, counts or traces. Watching cannot change anything. */
export type Observation =
  | {
      readonly kind: "answered";
      readonly method: string;
      readonly resource: string;
      readonly status: number;
      /** From the request's arrival to its answer, in milliseconds. */
      readonly milliseconds: number;
    }
  | { readonly kind: "failed"; readonly error: unknown };

/** Receives every observation; what it throws is ignored. */
export type Observer = (observation: Observation) => void;
