import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Suggestions } from "../model/complete.ts";
import type { Range } from "../model/outline.ts";
import { type Completion, Completions, useCompletion } from "./completion.tsx";
import { Highlight } from "./highlight.tsx";

interface EditorProps {
  readonly id: string;
  readonly label: string;
  readonly text: string;
  readonly wrong: Range | undefined;
  /** What stands there while it is empty. */
  readonly placeholder: string;
  /** Whether it cannot be read. */
  readonly invalid: boolean;
  readonly suggest: (text: string, caret: number) => Suggestions | undefined;
  readonly onText: (text: string) => void;
  readonly onLeave: () => void;
  /** What is said of the text, under it. */
  readonly children: ComponentChildren;
}

/** A text that is coloured as it is typed, and completed from what may stand where the caret is. */
export function Editor(props: EditorProps) {
  const { id, text, wrong, suggest, onText, children } = props;
  const frame = useRef<HTMLDivElement>(null);
  const caret = useRef<number | undefined>(undefined);
  const completion = useCompletion(text, suggest, (next, place) => {
    caret.current = place;
    onText(next);
  });
  useLayoutEffect(() => {
    const area = frame.current!.querySelector("textarea")!;
    if (caret.current !== undefined) area.setSelectionRange(caret.current, caret.current);
    caret.current = undefined;
  }, [text]);
  const place = (character: number) => placeOf(frame.current!, character);
  return (
    <>
      <div ref={frame} class="editor">
        <Highlight text={text} wrong={wrong} />
        <Area {...props} completion={completion} />
        {children}
      </div>
      {completion.found.items.length > 0 && <Completions id={id} completion={completion} place={place} />}
    </>
  );
}

function Area(props: EditorProps & { readonly completion: Completion }) {
  const { text, placeholder, completion, onText, onLeave } = props;
  const typed = (area: HTMLTextAreaElement): void => {
    onText(area.value);
    const before = area.value.slice(0, area.selectionStart);
    if (/[\w(,:.]$/.test(before)) completion.look(area.value, area.selectionStart);
    else completion.close();
  };
  const pressed = (event: KeyboardEvent & { readonly currentTarget: HTMLTextAreaElement }): void => {
    const { value, selectionStart } = event.currentTarget;
    const isAsked = event.ctrlKey && event.key === " ";
    if (isAsked) completion.look(value, selectionStart);
    else if (event.ctrlKey || event.metaKey || !completion.press(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <textarea
      {...attributesOf(props)}
      placeholder={placeholder}
      value={text}
      onInput={({ currentTarget }) => typed(currentTarget)}
      onKeyDown={pressed}
      onClick={completion.close}
      onBlur={() => {
        completion.close();
        onLeave();
      }}
      onScroll={({ currentTarget }) => {
        currentTarget.parentElement!.querySelector("pre")!.scrollTop = currentTarget.scrollTop;
      }}
    />
  );
}

/** What is told of the text to who does not see it. */
function attributesOf({ id, label, invalid, completion }: EditorProps & { readonly completion: Completion }) {
  const isOpen = completion.found.items.length > 0;
  return {
    id,
    "aria-label": label,
    "aria-autocomplete": "list",
    "aria-controls": isOpen ? `${id}-list` : undefined,
    "aria-activedescendant": isOpen ? `${id}-${completion.at}` : undefined,
    "aria-invalid": invalid ? "true" : undefined,
    "aria-describedby": invalid ? `${id}-problem` : undefined,
    spellcheck: false,
    autocomplete: "off",
    autocapitalize: "off",
  } as const;
}

/** Where a character of the text is drawn: the coloured text lies exactly under the one that is typed. */
function placeOf(frame: HTMLElement, character: number): { readonly left: number; readonly top: number } {
  const walk = document.createTreeWalker(frame.querySelector("pre")!, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let left = character;
  for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
    const { length } = node.textContent!;
    if (left <= length) {
      range.setStart(node, left);
      break;
    }
    left -= length;
  }
  const box = range.getBoundingClientRect();
  const outer = frame.parentElement!.getBoundingClientRect();
  const found = box.height > 0 ? box : frame.getBoundingClientRect();
  return {
    left: Math.max(8, Math.min(found.left - outer.left, outer.width - 260)),
    top: Math.min(found.bottom - outer.top, frame.offsetTop + frame.offsetHeight) + 3,
  };
}
