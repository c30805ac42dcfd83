import { useMemo, useState } from 'react';
import { Chart } from '@/charts/Chart';
import type { CacheNumbersFragment } from '@/gql/graphql';
import { Card } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { Segments } from '@/ui/Segments';
import { Skeleton } from '@/ui/Skeleton';
import { METRICS, MOST_LINES, plotOf, usedIn, type Metric } from './plots';

/** Each of the busiest keyspaces as a line, from the moment the page was opened. */
export function OverTime({ samples }: { samples: CacheNumbersFragment[] }) {
  const [metric, setMetric] = useState<Metric>('ratio');
  const plot = useMemo(() => plotOf(samples, metric), [samples, metric]);
  const used = usedIn(samples.at(-1)).length;
  return (
    <Card
      title="Over time"
      side={<Segments label="What is shown" values={METRICS} value={metric} onChange={setMetric} />}
    >
      <div className="card-body">
        {samples.length < 2 && <Skeleton height={220} />}
        {samples.length >= 2 && plot.series.length > 0 && <Chart plot={plot} />}
        {samples.length >= 2 && used > MOST_LINES && (
          <p className="quiet small">
            The {MOST_LINES} busiest of {used} keyspaces in use; all are below.
          </p>
        )}
        {samples.length >= 2 && plot.series.length === 0 && (
          <Empty icon="cache" title="Nothing is looked for">
            A keyspace is a line here once something asks for it.
          </Empty>
        )}
      </div>
    </Card>
  );
}
