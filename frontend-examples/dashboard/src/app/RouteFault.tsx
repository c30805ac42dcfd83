import type { ErrorComponentProps } from '@tanstack/react-router';
import { FaultNote } from '@/ui/Note';

/** A page that could not be loaded (the service was updated since), or that broke. */
export function RouteFault({ error, reset }: ErrorComponentProps) {
  const isOld = /dynamically imported module|module script/i.test(error.message);
  const message = isOld ? 'This page was updated. Load it again.' : 'This page broke.';
  return (
    <div className="page">
      <FaultNote fault={{ message }} onRetry={() => (isOld ? window.location.reload() : reset())} />
    </div>
  );
}
