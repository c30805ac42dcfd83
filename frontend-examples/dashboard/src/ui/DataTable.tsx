import {
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  useReactTable,
  type ColumnDef,
  type SortingState,
} from '@tanstack/react-table';
import { useState } from 'react';
import './columnMeta';

interface Props<Row> {
  label: string;
  columns: ColumnDef<Row, unknown>[];
  rows: Row[];
  rowId: (row: Row) => string;
  sortable?: boolean;
}

/** A table that can be scrolled sideways, also by keyboard. */
export function DataTable<Row>({ label, columns, rows, rowId, sortable = false }: Props<Row>) {
  const [sorting, setSorting] = useState<SortingState>([]);
  const table = useReactTable({
    data: rows,
    columns,
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    state: { sorting },
    onSortingChange: setSorting,
    enableSorting: sortable,
  });
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {table.getFlatHeaders().map(({ id, column, getContext }) => {
              const head = flexRender(column.columnDef.header, getContext());
              const sorted = column.getIsSorted();
              const said = sorted && (sorted === 'asc' ? 'ascending' : 'descending');
              return (
                <th
                  key={id}
                  scope="col"
                  className={column.columnDef.meta?.className}
                  aria-sort={said || undefined}
                >
                  {column.getCanSort() ? (
                    <button type="button" onClick={column.getToggleSortingHandler()}>
                      {head}
                      {sorted && <span aria-hidden="true">{{ asc: '↑', desc: '↓' }[sorted]}</span>}
                    </button>
                  ) : (
                    head
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id}>
              {row.getVisibleCells().map(({ id, column, getContext }) => (
                <td key={id} className={column.columnDef.meta?.className}>
                  {flexRender(column.columnDef.cell, getContext())}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Columns of different values are one list only when their values are forgotten. */
export function columnsOf<Row>(columns: ColumnDef<Row, any>[]): ColumnDef<Row, unknown>[] {
  return columns;
}
