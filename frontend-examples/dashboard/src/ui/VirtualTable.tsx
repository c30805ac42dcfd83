import { flexRender, getCoreRowModel, useReactTable, type ColumnDef } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import './columnMeta';

const ROW_PX = 40;

interface Props<Row> {
  label: string;
  columns: ColumnDef<Row, unknown>[];
  /** How many rows there are, and each of them, from the top. */
  count: number;
  row: (index: number) => Row;
  rowId: (row: Row) => string;
  rowClass?: (row: Row) => string | undefined;
  /** The row to bring into sight, once it is there. */
  soughtId?: string;
  widths: (number | undefined)[];
  minWidth: number;
}

/** A table of any length, of which only what is seen is in the page. Its work does not grow with
    the number of rows: the table's model holds the visible ones alone. */
export function VirtualTable<Row>({
  label,
  columns,
  count,
  row,
  rowId,
  rowClass,
  soughtId,
  widths,
  minWidth,
}: Props<Row>) {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
  });
  useSteadyScroll(frame, count, row, rowId);
  const found = useRef<string>(undefined);
  useEffect(() => {
    if (!soughtId || found.current === soughtId) return;
    let index = 0;
    while (index < count && rowId(row(index)) !== soughtId) index += 1;
    if (index === count) return;
    found.current = soughtId;
    virtual.scrollToIndex(index, { align: 'center' });
    frame.current?.scrollIntoView({ block: 'nearest' });
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  const visible = useMemo(
    () => Array.from({ length: last - first + 1 }, (_, index) => row(first + index)),
    [first, last, row],
  );
  const table = useReactTable({
    data: visible,
    columns,
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
  });
  const below = virtual.getTotalSize() - (last + 1) * ROW_PX;
  return (
    <div className="table-frame tall" ref={frame} tabIndex={0} role="region" aria-label={label}>
      <table className="table" aria-rowcount={count + 1} style={{ tableLayout: 'fixed', minWidth }}>
        <colgroup>
          {widths.map((width, index) => (
            <col key={index} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {table.getFlatHeaders().map(({ id, column, getContext }) => (
              <th key={id} scope="col" className={column.columnDef.meta?.className}>
                {flexRender(column.columnDef.header, getContext())}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={first * ROW_PX} span={widths.length} />
          {table.getRowModel().rows.map((shown) => (
            <tr
              key={shown.id}
              aria-rowindex={first + shown.index + 2}
              className={rowClass?.(shown.original)}
              style={{ height: ROW_PX }}
            >
              {shown.getVisibleCells().map(({ id, column, getContext }) => (
                <td key={id} className={column.columnDef.meta?.className}>
                  {flexRender(column.columnDef.cell, getContext())}
                </td>
              ))}
            </tr>
          ))}
          <Spacer height={below} span={widths.length} />
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are not there. */
function Spacer({ height, span }: { height: number; span: number }) {
  if (height <= 0) return null;
  return (
    <tr className="spacer" aria-hidden="true">
      <td colSpan={span} style={{ height }} />
    </tr>
  );
}

/** Who has scrolled down keeps what they look at when rows are put on top. */
function useSteadyScroll<Row>(
  frame: { current: HTMLDivElement | null },
  count: number,
  row: (index: number) => Row,
  rowId: (row: Row) => string,
) {
  const top = useRef<string>(undefined);
  useLayoutEffect(() => {
    let added = 0;
    while (added < count && rowId(row(added)) !== top.current) added += 1;
    // Not there any more: it is another list.
    if (added === count) added = 0;
    top.current = count > 0 ? rowId(row(0)) : undefined;
    if (frame.current && frame.current.scrollTop > 0) frame.current.scrollTop += added * ROW_PX;
  });
}
