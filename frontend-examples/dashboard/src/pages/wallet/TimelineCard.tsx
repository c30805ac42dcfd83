import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { Chart } from '@/charts/Chart';
import { LedgerDocument } from '@/gql/graphql';
import { Card } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { Segments } from '@/ui/Segments';
import { Skeleton } from '@/ui/Skeleton';
import { SPANS, fittingSpan, timeline, type Span } from './timeline';
import { useReadAgain } from './useReadAgain';

const LINES = 200;

/** The balance over the latest lines of the ledger. */
export function TimelineCard({ uid, version }: { uid: string; version: number }) {
  const [{ data }, retry] = useQuery({ query: LedgerDocument, variables: { uid, first: LINES } });
  useReadAgain(version, retry);
  const [chosen, choose] = useState<Span>();
  const edges = data?.wallet?.transactions.edges;
  const lines = useMemo(() => edges?.map(({ node }) => node).reverse(), [edges]);
  const span = chosen ?? fittingSpan(lines ?? []);
  const plot = useMemo(() => lines && timeline(lines, span), [lines, span]);
  return (
    <Card
      title="Balance over time"
      side={<Segments label="Time shown" values={SPANS} value={span} onChange={choose} />}
    >
      <div className="card-body">
        {!plot && <Skeleton height={220} />}
        {plot && plot.xs.length === 0 && <Empty title="No changes yet">The first one begins the line.</Empty>}
        {plot && plot.xs.length > 0 && <Chart plot={plot} />}
      </div>
    </Card>
  );
}
