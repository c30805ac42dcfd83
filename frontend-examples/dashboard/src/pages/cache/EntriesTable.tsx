import { createColumnHelper } from '@tanstack/react-table';
import type { CacheEntriesQuery } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { Empty } from '@/ui/Empty';
import { duration } from '@/ui/Time';
import { bytes, count } from '@/ui/numbers';

type Entry = CacheEntriesQuery['cacheEntries'][number];
const column = createColumnHelper<Entry>();
const end = { className: 'end' };

const COLUMNS = columnsOf([
  column.accessor('key', { header: 'Key', cell: (cell) => <span className="mono">{cell.getValue()}</span> }),
  column.accessor('exists', { header: 'State', cell: ({ row }) => <State entry={row.original} /> }),
  column.accessor('version', { header: 'Version', meta: end, cell: (cell) => count(cell.getValue()) }),
  column.accessor('bytes', { header: 'Size', meta: end, cell: (cell) => bytes(cell.getValue()) }),
  column.accessor('ttlMs', {
    header: 'Lapses in',
    meta: end,
    cell: ({ row: { original } }) =>
      original.ttlMs === null || original.ttlMs === undefined
        ? '–'
        : duration(Math.round(original.ttlMs / 1_000)),
  }),
]);

/** What is there may be a mark that keeps older values out, which answers no reads. */
function State({ entry }: { entry: Entry }) {
  if (entry.exists) return <Badge tone="good">Cached</Badge>;
  return typeof entry.ttlMs === 'number' ? <Badge tone="info">Outdated</Badge> : <Badge>Not cached</Badge>;
}

export function EntriesTable({ entries }: { entries: Entry[] }) {
  if (entries.length === 0)
    return (
      <Empty icon="cache" title="No entries">
        Nothing of this is ever cached.
      </Empty>
    );
  return <DataTable label="Entries" columns={COLUMNS} rows={entries} rowId={(entry) => entry.key} />;
}
