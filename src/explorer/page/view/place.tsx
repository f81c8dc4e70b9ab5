import { type PlaceProps, refusedAt } from "../desk.ts";
import { type Path, relationIn, relationsOf, relationSpot } from "../model/access.ts";
import {
  addRelation,
  hasCount,
  hasRelation,
  nodeAt,
  setRequired,
  setSearch,
  toggleCount,
  toggleRelation,
} from "../model/edit.ts";
import { isPlain } from "../model/notation.ts";
import { Columns } from "./columns.tsx";
import { Check, IconButton } from "./controls.tsx";
import { Filter } from "./filter.tsx";
import { Order } from "./order.tsx";
import { Part, Told } from "./part.tsx";
import { Range } from "./range.tsx";

/** All that may be asked of the rows of one place. */
export function Place(props: PlaceProps) {
  const { desk, path, spot } = props;
  const takes = (key: (typeof spot.takes)[number]): boolean => spot.takes.includes(key);
  return (
    <>
      <Columns {...props} />
      {takes("search") && <Search {...props} />}
      {takes("where") && <Filter title="Filter" desk={desk} path={path} spot={spot} of="where" />}
      <Order {...props} />
      <Relations {...props} />
      <Counts {...props} />
      {path.length > 0 && (takes("limit") || takes("required")) && <Bounds {...props} />}
    </>
  );
}

function Search({ desk, path }: PlaceProps) {
  const { search } = nodeAt(desk.asked, path);
  return (
    <Part title="Words" refused={refusedAt(desk, path, "search")}>
      <input
        class="field wide"
        type="search"
        aria-label="Words to look for"
        placeholder={'ripe fig, "low sugar", -dried'}
        value={typeof search === "string" ? search : ""}
        onInput={({ currentTarget }) => {
          const text = currentTarget.value;
          desk.edit((asked) => setSearch(asked, path, text));
        }}
      />
    </Part>
  );
}

/** The relations that are loaded, each with all that may be asked of its rows. */
function Relations({ desk, path, spot }: PlaceProps) {
  const { asked, access, edit } = desk;
  const offered = relationsOf(spot);
  const { with: chosen } = nodeAt(asked, path);
  const loaded = isPlain(chosen) ? Object.entries(chosen).filter(([, wish]) => wish !== false) : [];
  if (!spot.takes.includes("with") || (offered.length === 0 && loaded.length === 0)) return null;
  return (
    <Part title="Relations" count={loaded.length} refused={refusedAt(desk, path, "with")}>
      <div class="chips">
        {offered.map(({ name, kind }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={hasRelation(asked, path, name)}
            title={kind === "one" ? "one row" : "a list of rows"}
            onClick={() => edit((question) => toggleRelation(question, path, name))}
          >
            {name}
            {kind === "many" && <span aria-hidden="true">[ ]</span>}
          </button>
        ))}
      </div>
      {loaded.map(([name, wish]) => (
        <Relation
          key={name}
          desk={desk}
          path={[...path, name]}
          name={name}
          relation={relationIn(name, wish)}
          behind={relationSpot(access, spot, relationIn(name, wish))}
          again={freeName(name, loaded)}
        />
      ))}
    </Part>
  );
}

/** A name under which a relation can be loaded once more. */
function freeName(name: string, loaded: readonly (readonly [string, unknown])[]): string {
  for (let number = 2; ; number++)
    if (!loaded.some(([other]) => other === `${name}${number}`)) return `${name}${number}`;
}

interface RelationProps {
  readonly desk: PlaceProps["desk"];
  readonly path: Path;
  readonly name: string;
  readonly relation: string;
  readonly behind: PlaceProps["spot"] | undefined;
  readonly again: string;
}

function Relation({ desk, path, name, relation, behind, again }: RelationProps) {
  const above = path.slice(0, -1);
  const refused = refusedAt(desk, path, "");
  return (
    <div
      role="group"
      class={`place ${refused === undefined ? "" : "refused"}`}
      aria-label={`Relation ${path.join(" ")}`}
    >
      <header>
        <span class="name mono">{name}</span>
        {relation !== name && <span class="aside">is {relation}</span>}
        <span class="gap" />
        <button
          type="button"
          class="button bare tiny"
          title="Load it once more, under another name, with a filter of its own"
          onClick={() => desk.edit((asked) => addRelation(asked, above, relation, again))}
        >
          Once more
        </button>
        <IconButton
          icon="away"
          label={`Do not load ${name}`}
          onClick={() => desk.edit((asked) => toggleRelation(asked, above, name))}
        />
      </header>
      {refused !== undefined && <Told refused={refused} />}
      {behind === undefined ? (
        <p class="aside">The rule does not let it be loaded here.</p>
      ) : (
        <Place desk={desk} path={path} spot={behind} />
      )}
    </div>
  );
}

/** How many rows of each list a row has. */
function Counts({ desk, path, spot }: PlaceProps) {
  const lists = relationsOf(spot, "many");
  if (!spot.takes.includes("count") || lists.length === 0) return null;
  const counted = lists.filter(({ name }) => hasCount(desk.asked, path, name));
  return (
    <Part title="Counts" count={counted.length} refused={refusedAt(desk, path, "count")}>
      <div class="chips">
        {lists.map(({ name }) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={hasCount(desk.asked, path, name)}
            onClick={() => desk.edit((asked) => toggleCount(asked, path, name))}
          >
            # {name}
          </button>
        ))}
      </div>
    </Part>
  );
}

/** How many rows of a relation come, and whether rows without any are left out. */
function Bounds(props: PlaceProps) {
  const { desk, path, spot } = props;
  const { required } = nodeAt(desk.asked, path);
  return (
    <Part
      title={spot.takes.includes("limit") ? "Bounds" : "If there is none"}
      refused={refusedAt(desk, path, "limit", "offset", "required")}
    >
      <Range {...props} />
      {spot.takes.includes("required") && (
        <div class="flags">
          <Check
            checked={required === true}
            onChange={(checked) => desk.edit((asked) => setRequired(asked, path, checked))}
          >
            leave the row out
          </Check>
        </div>
      )}
    </Part>
  );
}
