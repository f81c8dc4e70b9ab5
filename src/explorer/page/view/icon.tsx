/** What each drawing is made of, on a square of 16. */
const PATHS = {
  add: "M8 3v10M3 8h10",
  away: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.2 3.2L13 5",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  down: "M8 3v10M4.5 9.5L8 13l3.5-3.5",
  edit: "M3 13l.6-2.8 7.2-7.2 2.2 2.2-7.2 7.2zM9.4 4.4l2.2 2.2",
  fold: "M6 3.5L10.5 8 6 12.5",
  keys: "M1.5 4.5h13v7h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.5h6",
  link: "M6.5 9.5l3-3M7 4.8l1.6-1.6a2.9 2.9 0 014.2 4.2L11.2 9M9 11.2l-1.6 1.6a2.9 2.9 0 01-4.2-4.2L4.8 7",
  lock: "M4 7.5h8v6H4zM5.8 7.5V5.2a2.2 2.2 0 014.4 0v2.3",
  moon: "M13 9.6A5.6 5.6 0 016.4 3 5.6 5.6 0 108 13.6a5.6 5.6 0 005-4z",
  paper: "M4 2.5h5.5l3 3v8H4zM9.5 2.5v3h3M6 8.5h4M6 11h4",
  reload: "M13 8a5 5 0 11-1.5-3.5M13 2.5V5h-2.5",
  run: "M5 3.2l7.5 4.8L5 12.8z",
  search: "M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.3 10.3l3.2 3.2",
  sun: "M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  up: "M8 13V3M4.5 6.5L8 3l3.5 3.5",
  waste: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4",
} as const;

export type IconName = keyof typeof PATHS;

/** A small drawing that says nothing to who does not see it: what it stands in has a name. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The explorer's own sign: a table with a look into it. */
export function Sign() {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <g fill="none" stroke="currentColor" stroke-width="1.7" stroke-linejoin="round">
        <rect x="2" y="3" width="16" height="14" rx="3" />
        <path d="M2 8h16M8 8v9" />
      </g>
      <circle cx="13" cy="12.5" r="1.8" fill="currentColor" />
    </svg>
  );
}
