import { createColumnHelper } from '@tanstack/react-table';
import { faultOf } from '@/api/faults';
import { usePolled } from '@/api/usePolled';
import { RefreshStateDocument, type RefreshStateQuery } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { Card } from '@/ui/Card';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { FaultNote } from '@/ui/Note';
import { RowsSkeleton } from '@/ui/Skeleton';
import { Ago } from '@/ui/Time';
import { count, ms } from '@/ui/numbers';
import { PLURAL } from './kinds';

type Refresh = RefreshStateQuery['refreshStatus'][number];
const column = createColumnHelper<Refresh>();
const end = { className: 'end' };
const EVERY_MS = 2_000;

const COLUMNS = columnsOf([
  column.display({ id: 'kind', header: 'Kind', cell: ({ row }) => PLURAL[row.original.kind] }),
  column.display({ id: 'state', header: 'Refresh', cell: ({ row }) => <State refresh={row.original} /> }),
  column.display({
    id: 'lag',
    header: 'Lag',
    meta: end,
    cell: ({ row: { original } }) => (typeof original.lagMs === 'number' ? ms(original.lagMs) : '–'),
  }),
  column.accessor('rows', { header: 'Rows', meta: end, cell: (cell) => count(cell.getValue()) }),
  column.accessor('durationMs', { header: 'Last run', meta: end, cell: (cell) => ms(cell.getValue()) }),
  column.display({
    id: 'when',
    header: 'Last success',
    cell: ({ row: { original } }) => (original.lastSuccessAt ? <Ago at={original.lastSuccessAt} /> : '–'),
  }),
  column.accessor('intervalMs', { header: 'Every', meta: end, cell: (cell) => ms(cell.getValue()) }),
  column.accessor('leader', {
    header: 'Done by',
    meta: { className: 'cut' },
    cell: (cell) => (cell.getValue() ? <span className="mono">{cell.getValue()}</span> : '–'),
  }),
]);

function State({ refresh }: { refresh: Refresh }) {
  if (refresh.consecutiveFailures > 0) return <Badge tone="bad">Failed {refresh.consecutiveFailures}×</Badge>;
  return refresh.lastSuccessAt ? <Badge tone="good">Fresh</Badge> : <Badge tone="warn">Not yet</Badge>;
}

/** Whether what is cached keeps up with the database, kind by kind. */
export function RefreshCard() {
  const [{ data, error }, again] = usePolled(RefreshStateDocument, {}, EVERY_MS);
  return (
    <Card title="Refresh">
      {error && !data && (
        <div className="card-body">
          <FaultNote fault={faultOf(error)} onRetry={again} />
        </div>
      )}
      {!data && !error && <RowsSkeleton />}
      {data && (
        <DataTable
          label="Refresh by kind"
          columns={COLUMNS}
          rows={data.refreshStatus}
          rowId={(one) => one.kind}
        />
      )}
    </Card>
  );
}
