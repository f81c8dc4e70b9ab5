import type { Access, Path, Spot } from "./model/access.ts";
import { type Blamed, blamedBy, type RefusedAnswer } from "./model/refusal.ts";
import type { Asked } from "./model/request.ts";

/** What all parts of the builder work on. */
export interface Desk {
  readonly access: Access;
  readonly asked: Asked;
  /** Why the question was refused, as long as it is the same one. */
  readonly refused: RefusedAnswer | undefined;
  readonly edit: (change: (asked: Asked) => Asked) => void;
}

/** A place of the question that is being built. */
export interface PlaceProps {
  readonly desk: Desk;
  /** The relations that lead there. */
  readonly path: Path;
  readonly spot: Spot;
}

/** Why some keys of a place were refused; the empty one is the place itself. */
export function refusedAt(desk: Desk, path: Path, ...keys: readonly string[]): RefusedAnswer | undefined {
  return refusedWhere(
    desk,
    (blamed) =>
      blamed.of === "tree" && keys.includes(blamed.key) && blamed.path.join("\0") === path.join("\0"),
  );
}

/** Why some parameters were refused. */
export const refusedParameter = (desk: Desk, ...names: readonly string[]): RefusedAnswer | undefined =>
  refusedWhere(desk, (blamed) => blamed.of === "parameter" && names.includes(blamed.name));

/** Why the body was refused. */
export const refusedBody = (desk: Desk): RefusedAnswer | undefined =>
  refusedWhere(desk, ({ of }) => of === "body");

function refusedWhere(
  { asked, refused }: Desk,
  holds: (blamed: Blamed) => boolean,
): RefusedAnswer | undefined {
  return refused !== undefined && holds(blamedBy(asked, refused)) ? refused : undefined;
}
