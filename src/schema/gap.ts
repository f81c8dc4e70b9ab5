/**
 * A value that is asked for and that its column cannot hold: it equals nothing, and in order it lies between two values
 * that the column can hold, of which `below` is the lower. Of a list, `below` is those of its elements that can be held.
 */
export class Gap {
  readonly below: unknown;
  constructor(below: unknown) {
    this.below = below;
  }
}
