/** How a client wants a write to be done, beside what it asks: of its `Prefer` header those that are honoured. */
export interface Preferences {
  /** Whether all of it is done and taken back. */
  readonly rollback: boolean;
  /** The most rows that may be written. */
  readonly most?: number | undefined;
  /** The fewest rows that have to be written. */
  readonly least?: number | undefined;
  /** Whether nothing of the rows is to be answered. */
  readonly minimal: boolean;
}
