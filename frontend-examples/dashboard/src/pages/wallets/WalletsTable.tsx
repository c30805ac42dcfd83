import { Link } from '@tanstack/react-router';
import { createColumnHelper } from '@tanstack/react-table';
import type { WalletsQuery } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { Money } from '@/ui/Money';
import { Time } from '@/ui/Time';
import { WALLET_TONE, words } from '@/ui/words';

type Wallet = WalletsQuery['wallets']['edges'][number]['node'];
const column = createColumnHelper<Wallet>();
const end = { className: 'end' };

const COLUMNS = columnsOf([
  column.accessor('uid', {
    header: 'Uid',
    cell: (cell) => (
      <Link to="/wallets/$uid" params={{ uid: cell.getValue() }}>
        {cell.getValue()}
      </Link>
    ),
  }),
  column.accessor('balance', {
    header: 'Balance',
    meta: end,
    cell: ({ row }) => <Money amount={row.original.balance} currency={row.original.currency} />,
  }),
  column.accessor('status', {
    header: 'Status',
    cell: ({ row: { original } }) => (
      <Badge tone={WALLET_TONE[original.status]}>{words(original.status)}</Badge>
    ),
  }),
  column.accessor('version', { header: 'Changes', meta: end }),
  column.accessor('updatedAt', { header: 'Last change', cell: (cell) => <Time at={cell.getValue()} /> }),
]);

export function WalletsTable({ wallets }: { wallets: Wallet[] }) {
  return <DataTable label="Wallets" columns={COLUMNS} rows={wallets} rowId={(wallet) => wallet.uid} />;
}
