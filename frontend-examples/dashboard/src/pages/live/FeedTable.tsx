import { Link } from '@tanstack/react-router';
import { createColumnHelper } from '@tanstack/react-table';
import { useCallback } from 'react';
import { Badge } from '@/ui/Badge';
import { columnsOf } from '@/ui/DataTable';
import { Change, Money } from '@/ui/Money';
import { Time } from '@/ui/Time';
import { VirtualTable } from '@/ui/VirtualTable';
import { words } from '@/ui/words';
import type { Row } from './feed';

const FRESH_MS = 1_600;
const column = createColumnHelper<Row>();
const end = { className: 'end' };

const COLUMNS = columnsOf([
  column.accessor('at', { header: 'Time', cell: (cell) => <Time at={cell.getValue()} clock /> }),
  column.accessor('uid', {
    header: 'Wallet',
    cell: (cell) => (
      <Link to="/wallets/$uid" params={{ uid: cell.getValue() }} preload={false}>
        {cell.getValue()}
      </Link>
    ),
  }),
  column.accessor('amount', {
    header: 'Amount',
    meta: end,
    cell: (cell) => {
      const amount = cell.getValue();
      return amount ? <Change amount={amount} /> : <span className="quiet">–</span>;
    },
  }),
  column.accessor('balance', {
    header: 'Balance',
    meta: end,
    cell: (cell) => <Money amount={cell.getValue()} />,
  }),
  column.accessor('type', {
    header: 'Type',
    cell: (cell) => {
      const type = cell.getValue();
      return <Badge>{type ? words(type) : 'Present state'}</Badge>;
    },
  }),
  column.accessor('version', { header: 'Version', meta: end }),
  column.accessor('description', {
    header: 'Description',
    meta: { className: 'cut' },
    cell: (cell) => cell.getValue() ?? <span className="quiet">–</span>,
  }),
]);
const WIDTHS = [96, 122, 124, 140, 138, 86, undefined];

/** Newest on top; the rows come in the order they were heard. */
export function FeedTable({ rows }: { rows: readonly Row[] }) {
  const row = useCallback((index: number) => rows[rows.length - 1 - index] as Row, [rows]);
  return (
    <VirtualTable
      label="Changes, newest first"
      columns={COLUMNS}
      count={rows.length}
      row={row}
      rowId={(one) => one.id}
      rowClass={(one) => (Date.now() - one.heardAt < FRESH_MS ? 'fresh' : undefined)}
      widths={WIDTHS}
      minWidth={860}
    />
  );
}
