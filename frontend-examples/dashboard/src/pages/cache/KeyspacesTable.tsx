import { createColumnHelper } from '@tanstack/react-table';
import type { CacheNumbersFragment } from '@/gql/graphql';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { duration } from '@/ui/Time';
import { bytes, count, ms, percent } from '@/ui/numbers';

type Keyspace = CacheNumbersFragment['namespaces'][number];
const column = createColumnHelper<Keyspace>();
const end = { className: 'end' };

const COLUMNS = columnsOf([
  column.accessor('name', {
    header: 'Keyspace',
    cell: (cell) => <span className="mono">{cell.getValue()}</span>,
  }),
  column.accessor('hitRatio', {
    header: 'Hit ratio',
    meta: end,
    cell: ({ row: { original } }) => (original.hits + original.misses > 0 ? percent(original.hitRatio) : '–'),
  }),
  column.accessor('hits', { header: 'Hits', meta: end, cell: (cell) => count(cell.getValue()) }),
  column.accessor('misses', { header: 'Misses', meta: end, cell: (cell) => count(cell.getValue()) }),
  column.accessor('fills', { header: 'Fills', meta: end, cell: (cell) => count(cell.getValue()) }),
  column.accessor('rejectedStale', {
    header: 'Stale fills',
    meta: end,
    cell: (cell) => count(cell.getValue()),
  }),
  column.accessor('errors', {
    header: 'Errors',
    meta: end,
    cell: (cell) => <span className={cell.getValue() > 0 ? 'bad' : undefined}>{count(cell.getValue())}</span>,
  }),
  column.accessor('p50Ms', { header: 'p50', meta: end, cell: (cell) => ms(cell.getValue()) }),
  column.accessor('p99Ms', { header: 'p99', meta: end, cell: (cell) => ms(cell.getValue()) }),
  column.accessor('keys', { header: 'Entries', meta: end, cell: (cell) => count(cell.getValue()) }),
  column.accessor('bytes', { header: 'Size', meta: end, cell: (cell) => bytes(cell.getValue()) }),
  column.accessor('ttlSeconds', { header: 'Kept for', meta: end, cell: (cell) => duration(cell.getValue()) }),
]);

export function KeyspacesTable({ keyspaces }: { keyspaces: Keyspace[] }) {
  return (
    <DataTable label="Keyspaces" columns={COLUMNS} rows={keyspaces} rowId={(one) => one.name} sortable />
  );
}
