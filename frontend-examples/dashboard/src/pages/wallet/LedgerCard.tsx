import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useQuery } from 'urql';
import { faultOf } from '@/api/faults';
import type { LedgerSearch } from '@/app/router';
import { LedgerDocument } from '@/gql/graphql';
import { Card } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { FaultNote } from '@/ui/Note';
import { Pager } from '@/ui/Pager';
import { RowsSkeleton } from '@/ui/Skeleton';
import { ExportButton } from './ExportButton';
import { filterOf } from './filter';
import { LedgerFilters } from './LedgerFilters';
import { LedgerTable } from './LedgerTable';
import { useReadAgain } from './useReadAgain';

const PAGE = 25;

/** The lines of a wallet's ledger, newest first. What is looked at stands in the address. */
export function LedgerCard({ uid, version }: { uid: string; version: number }) {
  const search = useSearch({ from: '/wallets/$uid' });
  const navigate = useNavigate({ from: '/wallets/$uid' });
  const { after, before } = search;
  const filter = useMemo(() => filterOf(search), [search]);
  const page = before ? { last: PAGE, before } : { first: PAGE, after };
  const [{ data, error, stale }, retry] = useQuery({
    query: LedgerDocument,
    variables: { uid, filter, ...page },
  });
  useReadAgain(version, retry);
  const go = (next: LedgerSearch) => void navigate({ search: next, replace: true, resetScroll: false });
  const lines = data?.wallet?.transactions;
  const filtered = Boolean(search.types || search.from || search.to);
  return (
    <Card title="Ledger" side={<ExportButton uid={uid} filter={filter} />}>
      <div className="card-body">
        <LedgerFilters search={search} onChange={go} />
      </div>
      {error && !lines && (
        <div className="card-body">
          <FaultNote fault={faultOf(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
        </div>
      )}
      {!lines && !error && <RowsSkeleton />}
      {lines?.edges.length === 0 && (
        <Empty title={filtered ? 'No such lines' : 'No lines yet'}>
          {filtered ? 'Nothing in this ledger fits the filter.' : 'The first deposit will be here.'}
        </Empty>
      )}
      {lines && lines.edges.length > 0 && <LedgerTable lines={lines.edges.map(({ node }) => node)} />}
      {lines && (
        <Pager
          info={lines.pageInfo}
          atStart={!after && !before}
          busy={stale}
          onFirst={() => go({ ...search, after: undefined, before: undefined })}
          onNewer={(cursor) => go({ ...search, after: undefined, before: cursor })}
          onOlder={(cursor) => go({ ...search, before: undefined, after: cursor })}
        />
      )}
    </Card>
  );
}
