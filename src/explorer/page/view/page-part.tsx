import { type PlaceProps, refusedAt, refusedParameter } from "../desk.ts";
import { resourceOf } from "../model/access.ts";
import { groupsAt, hasFlag, setFlag } from "../model/edit.ts";
import { Check } from "./controls.tsx";
import { Part } from "./part.tsx";
import { Range } from "./range.tsx";

/** Flags of a read, and what each says. */
const FLAGS = [
  ["countTotal", "total", "how many rows there are, whatever the filter"],
  ["countFiltered", "found", "how many rows of all pages the filter leaves"],
  ["findFirst", "one row", "the first row alone"],
  ["cursor", "cursor", "pages that go on, however rows come and go"],
  ["can", "what may be done", "of each row whether you may change and remove it"],
] as const;

/** Which page of the rows, and what is told beside them. */
export function PagePart(props: PlaceProps) {
  const { desk, path } = props;
  if (desk.asked.aggregate !== undefined && groupsAt(desk.asked).length === 0) return null;
  const names = FLAGS.map(([name]) => name);
  const refused =
    refusedAt(desk, path, "limit", "offset", "after", "before") ?? refusedParameter(desk, ...names);
  return (
    <Part title="Page" refused={refused}>
      <Range {...props} />
      <Flags {...props} />
    </Part>
  );
}

/** What is told beside the rows, or instead of all but one. */
function Flags({ desk: { access, asked, edit } }: PlaceProps) {
  const resource = resourceOf(access, asked.resource);
  const isOffered = (name: string): boolean =>
    asked.aggregate === undefined
      ? name !== "findFirst" || resource?.findFirst === undefined
      : name === "countFiltered";
  /** What it is where nobody says it. */
  const usual = (name: string): boolean => name === "countTotal" && resource?.countTotal === true;
  const isOn = (name: string): boolean =>
    usual(name) ? asked.parameters[name] !== "F" : hasFlag(asked, name);
  return (
    <div class="flags">
      {FLAGS.filter(([name]) => isOffered(name)).map(([name, text, told]) => (
        <Check
          key={name}
          title={told}
          checked={isOn(name)}
          onChange={(on) => edit((question) => setFlag(question, name, on === usual(name) ? undefined : on))}
        >
          {text}
        </Check>
      ))}
    </div>
  );
}
