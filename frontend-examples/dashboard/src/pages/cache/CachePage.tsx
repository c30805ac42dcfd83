import { useState } from 'react';
import { useQuery } from 'urql';
import { faultOf } from '@/api/faults';
import { useFollow } from '@/api/useFollow';
import { CacheLiveDocument, CacheNowDocument, type CacheNumbersFragment } from '@/gql/graphql';
import { Card, PageHead } from '@/ui/Card';
import { FaultNote, Note } from '@/ui/Note';
import { PageSkeleton } from '@/ui/Skeleton';
import { useTitle } from '@/ui/useTitle';
import { CacheNow } from './CacheNow';
import { EntriesCard } from './EntriesCard';
import { KeyspacesTable } from './KeyspacesTable';
import { OverTime } from './OverTime';

const INTERVAL_MS = 2_000;
/** Ten minutes. */
const MOST_SAMPLES = 300;

/** How the cache does: now, over time, and entry by entry. */
export default function CachePage() {
  useTitle('Cache');
  const [{ data, error }, retry] = useQuery({ query: CacheNowDocument });
  const [samples, setSamples] = useState<CacheNumbersFragment[]>([]);
  useFollow('cache', {
    document: CacheLiveDocument,
    variables: () => ({ intervalMs: INTERVAL_MS }),
    onData: ({ cacheStats }) => setSamples((before) => [...before, cacheStats].slice(-MOST_SAMPLES)),
  });
  const now = samples.at(-1) ?? data?.cacheStats;
  if (error && !now) {
    return (
      <div className="page">
        <PageHead title="Cache" />
        <FaultNote fault={faultOf(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
      </div>
    );
  }
  if (!now) return <PageSkeleton />;
  return (
    <div className="page">
      <PageHead title="Cache">As this instance has counted since its start.</PageHead>
      {now.degraded && (
        <Note tone="bad">
          <strong>The cache is away, or is being repaired.</strong> Everything is answered from the database
          meanwhile: correct, and slower.
        </Note>
      )}
      <CacheNow stats={now} />
      <OverTime samples={samples} />
      <Card title="By keyspace">
        <KeyspacesTable keyspaces={now.namespaces} />
      </Card>
      <EntriesCard />
    </div>
  );
}
