import '@tanstack/react-table';

declare module '@tanstack/react-table' {
  interface ColumnMeta<TData, TValue> {
    /** Of the column's cells and of its head. */
    className?: string;
  }
}
