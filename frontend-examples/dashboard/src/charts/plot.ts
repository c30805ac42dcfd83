/** What a chart shows: places to draw at, and words for each of them. */
export interface Plot {
  /** Seconds since 1970, growing. */
  xs: number[];
  series: Series[];
  /** Where the labels of the left axis stand, and what they say. */
  ticks: number[];
  tickLabel: (place: number) => string;
  range: [number, number];
  /** A point in words. */
  sayX: (index: number) => string;
  /** The whole chart in a sentence, for who cannot see it. */
  summary: string;
  height?: number;
  /** Seconds of room before the first point and after the last: bars are wide. */
  margin?: number;
}

export interface Series {
  label: string;
  /** The class that gives it its colour. */
  look: string;
  kind: 'line' | 'step' | 'bars';
  places: (number | null)[];
  say: (index: number) => string;
  /** Where bars and areas begin. */
  base?: number;
}
