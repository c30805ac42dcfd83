import { createColumnHelper } from '@tanstack/react-table';
import { useMemo } from 'react';
import type { HotDataKind, HotDataQuery } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { Time } from '@/ui/Time';

type Record = HotDataQuery['hotData']['edges'][number]['node'];
const column = createColumnHelper<Record>();
const none = <span className="quiet">–</span>;

/** What a kind refers to. */
const RELATION: Partial<{ [Kind in HotDataKind]: string }> = {
  MERCHANT: 'Tenant',
  CHANNEL: 'Plugin',
  PLUGIN: 'Payment methods',
  PLUGIN_PAY_TYPE: 'Pay type',
};

function related(record: Record): string | undefined {
  switch (record.__typename) {
    case 'Merchant':
      return record.tenant?.name;
    case 'Channel':
      return record.plugin?.name;
    case 'Plugin':
      return record.paymentMethods.map(({ name }) => name).join(', ');
    case 'PluginPaymentMethod':
      return record.payType;
    default:
      return undefined;
  }
}

export function HotTable({ kind, records }: { kind: HotDataKind; records: Record[] }) {
  const columns = useMemo(() => {
    const relation = RELATION[kind];
    return columnsOf([
      column.accessor('key', {
        header: 'Key',
        cell: (cell) => <span className="mono">{cell.getValue()}</span>,
      }),
      column.accessor('name', { header: 'Name' }),
      column.accessor('enabled', {
        header: 'State',
        cell: (cell) => (
          <Badge tone={cell.getValue() ? 'good' : undefined}>
            {cell.getValue() ? 'Enabled' : 'Disabled'}
          </Badge>
        ),
      }),
      ...(relation
        ? [
            column.display({
              id: 'relation',
              header: relation,
              meta: { className: 'wrap' },
              cell: ({ row }) => related(row.original) || none,
            }),
          ]
        : []),
      ...(kind === 'PLUGIN'
        ? [
            column.display({
              id: 'config',
              header: 'Config',
              cell: ({ row: { original } }) =>
                original.__typename === 'Plugin' && original.config ? (
                  <span className="mono">{original.config.key}</span>
                ) : (
                  none
                ),
            }),
          ]
        : []),
      column.accessor('updatedAt', { header: 'Changed', cell: (cell) => <Time at={cell.getValue()} /> }),
      column.accessor('cachedAt', {
        header: 'Cached',
        cell: (cell) => {
          const at: string | null | undefined = cell.getValue();
          return at ? <Time at={at} /> : <Badge tone="warn">Not cached</Badge>;
        },
      }),
    ]);
  }, [kind]);
  return <DataTable label="Records" columns={columns} rows={records} rowId={(record) => record.id} />;
}
