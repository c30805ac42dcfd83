import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { faultOf } from '@/api/faults';
import { usePolled } from '@/api/usePolled';
import { HOT_KINDS } from '@/app/router';
import { HotDataDocument, type HotDataKind } from '@/gql/graphql';
import { Card, PageHead } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { FaultNote } from '@/ui/Note';
import { Pager } from '@/ui/Pager';
import { Segments } from '@/ui/Segments';
import { RowsSkeleton } from '@/ui/Skeleton';
import { useTitle } from '@/ui/useTitle';
import { HotTable } from './HotTable';
import { PLURAL } from './kinds';
import { RefreshCard } from './RefreshCard';

/** What a back office edits, and everybody reads. */
export default function HotDataPage() {
  useTitle('Hot data');
  const { kind = HOT_KINDS[0] as HotDataKind } = useSearch({ from: '/hot-data' });
  const navigate = useNavigate({ from: '/hot-data' });
  return (
    <div className="page">
      <PageHead title="Hot data">
        Edited in the database by a back office, and kept fresh in the cache.
      </PageHead>
      <RefreshCard />
      <Card
        title={PLURAL[kind]}
        side={
          <Segments
            label="Kind"
            values={PLURAL}
            value={kind}
            onChange={(next) => void navigate({ search: { kind: next }, replace: true, resetScroll: false })}
          />
        }
      >
        <Records key={kind} kind={kind} />
      </Card>
    </div>
  );
}

const PAGE = 25;
const EVERY_MS = 5_000;

function Records({ kind }: { kind: HotDataKind }) {
  const [page, setPage] = useState<{ after?: string; before?: string }>({});
  const { after, before } = page;
  const variables = before ? { kind, last: PAGE, before } : { kind, first: PAGE, after };
  const [{ data, error, stale }, again] = usePolled(HotDataDocument, variables, EVERY_MS);
  const records = data?.hotData;
  if (error && !records)
    return (
      <div className="card-body">
        <FaultNote fault={faultOf(error)} onRetry={again} />
      </div>
    );
  if (!records) return <RowsSkeleton />;
  if (records.edges.length === 0)
    return (
      <Empty icon="hot" title={`No ${PLURAL[kind].toLowerCase()} yet`}>
        A back office writes them into the database; they show up here within seconds.
      </Empty>
    );
  return (
    <>
      <HotTable kind={kind} records={records.edges.map(({ node }) => node)} />
      <Pager
        names={['First', 'Previous', 'Next']}
        info={records.pageInfo}
        atStart={!after && !before}
        busy={stale}
        onFirst={() => setPage({})}
        onNewer={(cursor) => setPage({ before: cursor })}
        onOlder={(cursor) => setPage({ after: cursor })}
      />
    </>
  );
}
