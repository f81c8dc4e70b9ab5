import type { QueryRequest } from "./request.ts";

/** A value as a URL writes it, where nothing of it is escaped. */
export type Given = string | number;

/** Where a value stands in a template, and one that stood there. */
export class Blank {
  readonly place: number;
  readonly sample: Given;

  constructor(place: number, sample: Given) {
    this.place = place;
    this.sample = sample;
  }
}

/** A question with blanks in its filter, which many questions fill: they differ by values alone. */
export interface Template {
  /** Its filter holds blanks, which only plans know how to read. */
  readonly request: QueryRequest;
  /** How many its filter holds. */
  readonly blanks: number;
  /** The blank that is the cursor of a page. */
  readonly cursor: number | undefined;
  /** Whether nobody has found yet that what is asked depends on the values. */
  fits: boolean;
}

/** What a question fills its template with, by the places of the blanks. */
export interface Filling {
  readonly template: Template;
  readonly values: readonly Given[];
}
