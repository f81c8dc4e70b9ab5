import { useState } from "preact/hooks";
import { type Access, methodsOf } from "../model/access.ts";

interface ResourcesProps {
  readonly access: Access;
  readonly chosen: string | undefined;
  readonly onChoose: (resource: string) => void;
}

/** The resources that this caller may use, and how. */
export function Resources({ access, chosen, onChoose }: ResourcesProps) {
  const [words, setWords] = useState("");
  const names = Object.keys(access.resources);
  const found = names.filter((name) => name.toLowerCase().includes(words.trim().toLowerCase()));
  return (
    <nav class="resources" id="resources" aria-label="Resources">
      <div class="search">
        <input
          class="field"
          type="search"
          id="search"
          placeholder={`Find one of ${names.length}`}
          aria-label="Find a resource"
          aria-keyshortcuts="/"
          value={words}
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
          onKeyDown={({ key }) => key === "Enter" && found[0] !== undefined && onChoose(found[0])}
        />
      </div>
      <ul>
        {found.map((name) => (
          <Resource key={name} access={access} name={name} chosen={name === chosen} onChoose={onChoose} />
        ))}
      </ul>
      {found.length === 0 && <p class="empty aside">No resource is called so.</p>}
    </nav>
  );
}

interface ResourceProps {
  readonly access: Access;
  readonly name: string;
  readonly chosen: boolean;
  readonly onChoose: (resource: string) => void;
}

function Resource({ access, name, chosen, onChoose }: ResourceProps) {
  return (
    <li>
      <button
        type="button"
        class="resource"
        aria-current={chosen ? "true" : undefined}
        onClick={() => onChoose(name)}
      >
        <span class="name">{name}</span>
        <span class="methods">
          {methodsOf(access, name).map((method) => (
            <span key={method}>{method}</span>
          ))}
        </span>
      </button>
    </li>
  );
}
