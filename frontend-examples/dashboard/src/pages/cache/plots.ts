import type { Plot } from '@/charts/plot';
import type { CacheNumbersFragment } from '@/gql/graphql';
import { ms, percent } from '@/ui/numbers';

export const METRICS = { ratio: 'Hit ratio', p50Ms: 'Latency p50', p99Ms: 'Latency p99' } as const;
export type Metric = keyof typeof METRICS;

/** There are as many colours that can be told apart. */
export const MOST_LINES = 8;
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** One line a keyspace that is in use, the busiest first. */
export function plotOf(samples: readonly CacheNumbersFragment[], metric: Metric): Plot {
  const names = busiest(samples.at(-1));
  const lines = names.map((name) => samples.map((_, index) => valueAt(samples, index, name, metric)));
  const most = metric === 'ratio' ? 1 : niceMost(Math.max(0, ...lines.flat().map((value) => value ?? 0)));
  const say = metric === 'ratio' ? percent : ms;
  return {
    xs: samples.map(({ at }) => Date.parse(at) / 1_000),
    range: [0, most],
    ticks: [0, 0.25, 0.5, 0.75, 1].map((part) => part * most),
    tickLabel: (place) =>
      metric === 'ratio' ? `${Math.round(place * 100)} %` : `${+place.toPrecision(2)} ms`,
    sayX: (index) => CLOCK.format(Date.parse(samples[index]?.at ?? '')),
    summary: `${METRICS[metric]} by keyspace, over the last ${samples.length} readings: ${names.join(', ')}.`,
    series: names.map((name, index) => ({
      label: name,
      look: `s${index + 1}`,
      kind: 'line',
      places: lines[index] ?? [],
      say: (at) => {
        const value = lines[index]?.[at];
        return value === null || value === undefined ? '–' : say(value);
      },
    })),
  };
}

/** The keyspaces that something was looked for in. */
export function usedIn(sample?: CacheNumbersFragment): CacheNumbersFragment['namespaces'] {
  return sample?.namespaces.filter(({ hits, misses }) => hits + misses > 0) ?? [];
}

function busiest(sample?: CacheNumbersFragment): string[] {
  return usedIn(sample)
    .sort((one, other) => other.hits + other.misses - one.hits - one.misses)
    .slice(0, MOST_LINES)
    .map(({ name }) => name);
}

/** The ratio of what was looked for since the reading before, as the ratio since the start hardly
    moves any more; the last known one while nothing is looked for. */
function valueAt(
  samples: readonly CacheNumbersFragment[],
  index: number,
  name: string,
  metric: Metric,
): number | null {
  const now = samples[index]?.namespaces.find((one) => one.name === name);
  if (!now) return null;
  if (metric !== 'ratio') return now[metric];
  for (let at = index; at > 0; at -= 1) {
    const [later, before] = [at, at - 1].map((one) =>
      samples[one]?.namespaces.find((space) => space.name === name),
    );
    if (!later || !before) break;
    const [hits, misses] = [later.hits - before.hits, later.misses - before.misses];
    if (hits + misses > 0) return hits / (hits + misses);
  }
  return now.hitRatio;
}

function niceMost(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 10].find((factor) => factor * power >= value) ?? 10) * power;
}
