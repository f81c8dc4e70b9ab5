import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Suggestion, Suggestions } from "../model/complete.ts";

const NOTHING: Suggestions = { from: 0, to: 0, items: [] };

/** What may stand where one writes, while it is offered. */
export interface Completion {
  readonly found: Suggestions;
  /** Which of them is taken by Enter. */
  readonly at: number;
  /** Offers what may stand at a caret. */
  readonly look: (text: string, caret: number) => void;
  readonly close: () => void;
  readonly take: (item: Suggestion) => void;
  /** Whether a key was meant for it. */
  readonly press: (key: string) => boolean;
}

/** Offers what may stand in a text; what is taken goes to `onTake`, with where the caret is then. */
export function useCompletion(
  text: string,
  suggest: (text: string, caret: number) => Suggestions | undefined,
  onTake: (text: string, caret: number) => void,
): Completion {
  const [found, setFound] = useState<Suggestions>(NOTHING);
  const [at, setAt] = useState(0);
  const close = (): void => setFound(NOTHING);
  const take = ({ label, insert = label, caret = insert.length }: Suggestion): void => {
    onTake(text.slice(0, found.from) + insert + text.slice(found.to), found.from + caret);
    close();
  };
  const look = (written: string, caret: number): void => {
    setFound(suggest(written, caret) ?? NOTHING);
    setAt(0);
  };
  const press = (key: string): boolean => {
    const item = found.items[at];
    if (item === undefined) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step !== undefined) setAt((at + step + found.items.length) % found.items.length);
    else if (key === "Escape") close();
    else if (key === "Tab" || key === "Enter") take(item);
    else return false;
    return true;
  };
  return { found, at, look, close, take, press };
}

interface CompletionsProps {
  readonly id: string;
  readonly completion: Completion;
  /** Where the list is drawn. */
  readonly place: (character: number) => { readonly left: number; readonly top: number };
}

/** The list of what is offered; the focus stays in the text. */
export function Completions({ id, completion, place }: CompletionsProps) {
  const { found, at, take } = completion;
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => {
    const { left, top } = place(found.from);
    list.current!.style.left = `${left}px`;
    list.current!.style.top = `${top}px`;
  }, [found]);
  useLayoutEffect(() => list.current!.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  return (
    <ul ref={list} class="list" role="listbox" id={`${id}-list`} aria-label="Completions">
      {found.items.map((item, index) => (
        <li
          key={item.label}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          onMouseDown={(event) => {
            event.preventDefault();
            take(item);
          }}
        >
          <span>{item.label}</span>
          {item.told !== undefined && <span class="aside">{item.told}</span>}
        </li>
      ))}
    </ul>
  );
}
