import uPlot from 'uplot';
import type { Plot, Series } from './plot';

export interface Cursor {
  index: number;
  left: number;
  /** Whether there is no room to its right. */
  flip: boolean;
}

export interface Drawn {
  update(): void;
  destroy(): void;
}

const HEIGHT = 220;
const FONT = '11.5px "Inter Variable", system-ui, sans-serif';
const TIP_WIDTH = 190;
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
/** Of the lower axis. Labels tell of nothing shorter than a second: two would say the same. */
const STEPS_S = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 5, 10, 30, 60, 90, 180, 365, 730, 1_825].map((days) => days * DAY),
];

/** Draws `latest` into `frame`, as wide as that is, and again on `update`. */
export function draw(
  frame: HTMLElement,
  latest: { current: Plot },
  onCursor: (cursor: Cursor | undefined) => void,
): Drawn {
  const ink = colourOf(frame, 'var(--ink-3)');
  const line = colourOf(frame, 'var(--line)');
  const plot = latest.current;
  const chart = new uPlot(
    {
      width: Math.max(frame.clientWidth, 100),
      height: plot.height ?? HEIGHT,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: () => spanOf(latest.current) },
        y: { range: () => latest.current.range },
      },
      axes: [
        {
          stroke: ink,
          font: FONT,
          size: 30,
          grid: { show: false },
          ticks: { stroke: line, size: 4 },
          space: 70,
          incrs: STEPS_S,
          values: xLabels,
        },
        {
          stroke: ink,
          font: FONT,
          size: 62,
          gap: 8,
          grid: { stroke: line, width: 1 },
          ticks: { show: false },
          splits: () => latest.current.ticks,
          values: (_, places) => places.map((place) => latest.current.tickLabel(place)),
        },
      ],
      series: [
        {},
        ...plot.series.map((series, index) =>
          seriesOptions(frame, series, () => latest.current.series[index]?.base ?? 0),
        ),
      ],
      hooks: { setCursor: [(self) => onCursor(cursorOf(self))] },
    },
    dataOf(plot),
    frame,
  );

  const sized = new ResizeObserver(() =>
    chart.setSize({ width: Math.max(frame.clientWidth, 100), height: chart.height }),
  );
  sized.observe(frame);
  return {
    update: () => {
      chart.setData(dataOf(latest.current), true);
      // The left axis goes over the same places always; what they say has changed.
      chart.redraw(true, true);
    },
    destroy: () => {
      sized.disconnect();
      chart.destroy();
    },
  };
}

function seriesOptions(
  frame: HTMLElement,
  { label, look, kind }: Series,
  fillTo: () => number,
): uPlot.Series {
  const colour = colourOf(frame, '', look);
  const paths = {
    line: undefined,
    step: uPlot.paths.stepped?.({ align: 1 }),
    bars: uPlot.paths.bars?.({ size: [0.7, 28], radius: 0.2 }),
  }[kind];
  const fill = { line: undefined, step: faded(colour), bars: colour }[kind];
  return {
    label,
    stroke: colour,
    width: kind === 'bars' ? 0 : 1.75,
    fill,
    fillTo,
    paths,
    points: { show: false },
    spanGaps: false,
  };
}

/** Today's labels are clock times; uPlot's own have a second line that is cut off here. */
function xLabels(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  const format = new Intl.DateTimeFormat(
    'en-GB',
    step >= DAY
      ? { day: '2-digit', month: 'short' }
      : { hour: '2-digit', minute: '2-digit', second: step < MINUTE ? '2-digit' : undefined },
  );
  return splits.map((at) => format.format(at * 1_000));
}

/** From the first point to the last. A single one stands in the middle of a minute. */
function spanOf({ xs, margin = 0 }: Plot): [number, number] {
  const [first, last] = [xs[0] ?? Date.now() / 1_000, xs.at(-1) ?? Date.now() / 1_000];
  const room = last > first ? margin : 30;
  return [first - room, last + room];
}

function cursorOf(self: uPlot): Cursor | undefined {
  const { idx, left } = self.cursor;
  if (idx === null || idx === undefined || left === undefined || left < 0) return undefined;
  const at = left + self.bbox.left / window.devicePixelRatio;
  return { index: idx, left: at, flip: at > self.width - TIP_WIDTH };
}

function dataOf(plot: Plot): uPlot.AlignedData {
  return [plot.xs, ...plot.series.map(({ places }) => places)];
}

/** A canvas knows no CSS variables: an element is asked what they come to. */
function colourOf(frame: HTMLElement, colour: string, look?: string): string {
  const probe = document.createElement('span');
  probe.className = look ?? '';
  probe.style.color = colour;
  frame.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function faded(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.1)');
}
