import { Link } from '@tanstack/react-router';
import { createColumnHelper } from '@tanstack/react-table';
import { useMemo } from 'react';
import type { LockFieldsFragment } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { columnsOf, DataTable } from '@/ui/DataTable';
import { Ago, duration } from '@/ui/Time';

export interface Watched {
  uid: string;
  lock?: LockFieldsFragment | null;
}

interface Props {
  rows: Watched[];
  mayRelease: boolean;
  onRelease: (lock: LockFieldsFragment) => void;
  onForget: (uid: string) => void;
}

const column = createColumnHelper<Watched>();
const none = <span className="quiet">–</span>;

export function LocksTable({ rows, mayRelease, onRelease, onForget }: Props) {
  const columns = useMemo(
    () =>
      columnsOf([
        column.accessor('uid', {
          header: 'Wallet',
          cell: (cell) => (
            <Link to="/wallets/$uid" params={{ uid: cell.getValue() }}>
              {cell.getValue()}
            </Link>
          ),
        }),
        column.display({
          id: 'state',
          header: 'Lock',
          cell: ({ row }) => <State lock={row.original.lock} />,
        }),
        column.display({
          id: 'holder',
          header: 'Holder',
          meta: { className: 'cut' },
          cell: ({ row }) =>
            row.original.lock?.holder ? (
              <span className="mono" title={row.original.lock.holder}>
                {row.original.lock.holder}
              </span>
            ) : (
              none
            ),
        }),
        column.display({
          id: 'since',
          header: 'Held since',
          cell: ({ row }) =>
            row.original.lock?.acquiredAt ? <Ago at={row.original.lock.acquiredAt} /> : none,
        }),
        column.display({
          id: 'lapses',
          header: 'Lapses in',
          meta: { className: 'end' },
          cell: ({ row }) =>
            typeof row.original.lock?.ttlMs === 'number'
              ? duration(Math.ceil(row.original.lock.ttlMs / 1_000))
              : none,
        }),
        column.display({
          id: 'waiters',
          header: 'Waiters',
          meta: { className: 'end' },
          cell: ({ row }) => row.original.lock?.waiters ?? none,
        }),
        column.display({
          id: 'actions',
          header: () => <span className="visually-hidden">Actions</span>,
          meta: { className: 'end' },
          cell: ({ row: { original } }) => (
            <div className="buttons" style={{ justifyContent: 'flex-end', flexWrap: 'nowrap' }}>
              {mayRelease && original.lock?.held && (
                <Button size="small" look="danger" onClick={() => original.lock && onRelease(original.lock)}>
                  Release…
                </Button>
              )}
              <Button
                size="icon"
                look="plain"
                icon="close"
                aria-label={`Stop watching ${original.uid}`}
                onClick={() => onForget(original.uid)}
              />
            </div>
          ),
        }),
      ]),
    [mayRelease, onRelease, onForget],
  );
  return <DataTable label="Watched wallets" columns={columns} rows={rows} rowId={(one) => one.uid} />;
}

function State({ lock }: { lock?: LockFieldsFragment | null }) {
  if (!lock) return <span className="quiet">No such wallet</span>;
  return <Badge tone={lock.held ? 'warn' : 'good'}>{lock.held ? 'Held' : 'Free'}</Badge>;
}
