import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { moment, stretch, stretchIn, textOf } from "../format.ts";
import type { Column, Row } from "./columns-of.ts";

interface ChartProps {
  readonly rows: readonly Row[];
  /** What the rows are grouped by. */
  readonly group: Column;
  /** The numbers about each group. */
  readonly figures: readonly Column[];
}

/** The numbers of groups as bars. The grid says the same to who does not see them. */
export function Chart({ rows, group, figures }: ChartProps) {
  const [key, setKey] = useState(figures[0]!.key);
  const figure = figures.find((column) => column.key === key) ?? figures[0]!;
  const [at, setAt] = useState<number | undefined>();
  const values = useMemo(() => rows.map((row) => Number(figure.read(row) ?? 0)), [rows, figure]);
  const names = useMemo(() => rows.map((row) => label(group, row)), [rows, group]);
  const told = at === undefined ? undefined : `${names[at]}: ${textOf(figure.read(rows[at]!) ?? "nothing")}`;
  return (
    <figure class="chart">
      <figcaption>
        <label>
          <span class="unseen">Figure</span>
          <select
            class="field"
            value={figure.key}
            onChange={({ currentTarget }) => setKey(currentTarget.value)}
          >
            {figures.map((column) => (
              <option key={column.key} value={column.key}>
                {column.title}
              </option>
            ))}
          </select>
        </label>
        <span class="aside">by {group.title}</span>
      </figcaption>
      <Bars label={`${figure.title} by ${group.title}`} names={names} values={values} onHover={setAt} />
      <p class="told">{told}</p>
    </figure>
  );
}

function label({ key, kind, read }: Column, row: Row): string {
  const value = read(row);
  if (value === null || kind !== "date" || typeof value !== "string") return textOf(value);
  const bucket = stretchIn(key);
  return bucket === undefined ? moment(value) : stretch(value, bucket);
}

interface BarsProps {
  readonly label: string;
  readonly names: readonly string[];
  readonly values: readonly number[];
  readonly onHover: (at: number | undefined) => void;
}

function Bars({ label, names, values, onHover }: BarsProps) {
  const canvas = useRef<HTMLDivElement>(null);
  const colors = useColors();
  useEffect(() => {
    const element = canvas.current!;
    const size = () => ({ width: element.clientWidth - 8, height: element.clientHeight - 12 });
    const plot = new uPlot(
      { ...size(), ...optionsOf(names, colors, onHover) },
      [names.map((_, index) => index), [...values]],
      element,
    );
    const watch = new ResizeObserver(() => plot.setSize(size()));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [names, values, colors, onHover]);
  return <div ref={canvas} class="canvas" role="img" aria-label={label} />;
}

/** The colours of the page: what draws on a canvas has to be told them. */
interface Colors {
  readonly bar: string;
  readonly text: string;
  readonly line: string;
}

/** They are others once the page is light, or dark. */
function useColors(): Colors {
  const [colors, setColors] = useState(readColors);
  useEffect(() => {
    const read = (): void => setColors(readColors());
    const watched = matchMedia("(prefers-color-scheme: dark)");
    const chosen = new MutationObserver(read);
    watched.addEventListener("change", read);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      watched.removeEventListener("change", read);
      chosen.disconnect();
    };
  }, []);
  return colors;
}

function readColors(): Colors {
  const probe = document.body.appendChild(document.createElement("i"));
  const read = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colors = { bar: read("--accent"), text: read("--soft"), line: read("--line") };
  probe.remove();
  return colors;
}

function optionsOf(
  names: readonly string[],
  colors: Colors,
  onHover: (at: number | undefined) => void,
): Omit<uPlot.Options, "width" | "height"> {
  const { bar } = colors;
  const paths = uPlot.paths.bars!({ size: [0.72, 56], radius: 0.12 });
  return {
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    scales: {
      x: { time: false, range: [-0.6, names.length - 0.4] },
      y: { range: (_, low, high) => [Math.min(0, low), Math.max(high * 1.06, 1)] },
    },
    axes: axesOf(names, colors),
    series: [{}, { stroke: bar, fill: bar, paths, points: { show: false } }],
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? undefined)] },
  };
}

/** The names of the groups below, as far as there is room for them, and the numbers beside. */
function axesOf(names: readonly string[], { text, line }: Colors): uPlot.Axis[] {
  const axis = { stroke: text, font: "11px system-ui", ticks: { show: false } };
  const longest = Math.max(...names.map(({ length }) => length));
  return [
    {
      ...axis,
      grid: { show: false },
      space: Math.max(40, longest * 7),
      incrs: [1, 2, 5, 10, 20, 50, 100, 500],
      values: (_, splits) => splits.map((at) => names[at] ?? ""),
    },
    { ...axis, size: 56, grid: { stroke: line, width: 1 } },
  ];
}
