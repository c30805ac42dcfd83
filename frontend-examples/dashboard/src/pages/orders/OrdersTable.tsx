import { createColumnHelper } from '@tanstack/react-table';
import { useCallback, useMemo } from 'react';
import type { OrderFieldsFragment } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { columnsOf } from '@/ui/DataTable';
import { Money } from '@/ui/Money';
import { Time } from '@/ui/Time';
import { VirtualTable } from '@/ui/VirtualTable';
import { ORDER_TONE, words } from '@/ui/words';

const column = createColumnHelper<OrderFieldsFragment>();
const end = { className: 'end' };
// The number has what the others leave: it is the longest, and differs at its end.
const WIDTHS = [undefined, 118, 124, 128, 116, 190];

interface Props {
  orders: OrderFieldsFragment[];
  onOpen: (orderNo: string) => void;
  /** The one that was just made. */
  made?: string;
}

/** By number; a period may have thousands. */
export function OrdersTable({ orders, onOpen, made }: Props) {
  const columns = useMemo(
    () =>
      columnsOf([
        column.accessor('orderNo', {
          header: 'Order',
          cell: (cell) => (
            <button
              type="button"
              className="link-button cut"
              title={cell.getValue()}
              onClick={() => onOpen(cell.getValue())}
            >
              {cell.getValue()}
            </button>
          ),
        }),
        column.accessor('uid', { header: 'Wallet' }),
        column.accessor('status', {
          header: 'Status',
          cell: ({ row: { original } }) => (
            <Badge tone={ORDER_TONE[original.status]}>{words(original.status)}</Badge>
          ),
        }),
        column.accessor('amount', {
          header: 'Amount',
          meta: end,
          cell: (cell) => <Money amount={cell.getValue()} />,
        }),
        column.accessor('profitAmount', {
          header: 'Profit',
          meta: { className: 'end quiet' },
          cell: (cell) => <Money amount={cell.getValue()} />,
        }),
        column.accessor('updatedAt', {
          header: 'Last change',
          cell: (cell) => <Time at={cell.getValue()} />,
        }),
      ]),
    [onOpen],
  );
  const sorted = useMemo(
    () => orders.toSorted((one, other) => (one.orderNo < other.orderNo ? -1 : 1)),
    [orders],
  );
  const row = useCallback((index: number) => sorted[index] as OrderFieldsFragment, [sorted]);
  return (
    <VirtualTable
      label="Orders of the period"
      columns={columns}
      count={sorted.length}
      row={row}
      rowId={(order) => order.orderNo}
      soughtId={made}
      widths={WIDTHS}
      minWidth={900}
    />
  );
}
