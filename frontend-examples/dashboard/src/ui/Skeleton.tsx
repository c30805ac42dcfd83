/** The shape of what is on its way. */
export function Skeleton({ width = '100%', height = 16 }: { width?: number | string; height?: number }) {
  return <span className="skeleton" style={{ width, height }} />;
}

/** A page on its way; said once, for those who cannot see it breathe. */
export function PageSkeleton() {
  return (
    <div className="page" role="status">
      <span className="visually-hidden">Loading</span>
      <Skeleton width={220} height={28} />
      <Skeleton height={104} />
      <Skeleton height={320} />
    </div>
  );
}

export function RowsSkeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="card-body" role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={22} />
      ))}
    </div>
  );
}
