import { Link } from '@tanstack/react-router';
import { createColumnHelper } from '@tanstack/react-table';
import { atLeast, useViewer } from '@/app/viewer';
import type { LineFieldsFragment } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { Change, Money } from '@/ui/Money';
import { Time } from '@/ui/Time';
import { words } from '@/ui/words';

const column = createColumnHelper<LineFieldsFragment>();
const end = { className: 'end' };

const COLUMNS = columnsOf([
  column.accessor('createdAt', { header: 'Time', cell: (cell) => <Time at={cell.getValue()} /> }),
  column.accessor('type', { header: 'Type', cell: (cell) => <Badge>{words(cell.getValue())}</Badge> }),
  column.accessor('amount', {
    header: 'Amount',
    meta: end,
    cell: (cell) => <Change amount={cell.getValue()} />,
  }),
  column.accessor('balanceBefore', {
    header: 'Before',
    meta: { className: 'end quiet' },
    cell: (cell) => <Money amount={cell.getValue()} />,
  }),
  column.accessor('balanceAfter', {
    header: 'After',
    meta: end,
    cell: (cell) => <Money amount={cell.getValue()} />,
  }),
  column.display({ id: 'with', header: 'With', cell: ({ row }) => <With line={row.original} /> }),
  column.accessor('description', {
    header: 'Description',
    meta: { className: 'cut' },
    cell: (cell) => cell.getValue() ?? <span className="quiet">–</span>,
  }),
  column.accessor('walletVersion', { header: 'Version', meta: end }),
]);

/** The other wallet, or the order. Users see no wallet but their own. */
function With({ line }: { line: LineFieldsFragment }) {
  const operator = atLeast(useViewer(), 'OPERATOR');
  if (line.counterpartyUid && !operator) return line.counterpartyUid;
  if (line.counterpartyUid)
    return (
      <Link to="/wallets/$uid" params={{ uid: line.counterpartyUid }}>
        {line.counterpartyUid}
      </Link>
    );
  if (line.orderNo)
    return (
      <Link to="/orders" search={{ order: line.orderNo }}>
        {line.orderNo}
      </Link>
    );
  return <span className="quiet">–</span>;
}

export function LedgerTable({ lines }: { lines: LineFieldsFragment[] }) {
  return (
    <DataTable
      label="Lines of the ledger"
      columns={COLUMNS}
      rows={lines}
      rowId={(line) => line.transactionNo}
    />
  );
}
