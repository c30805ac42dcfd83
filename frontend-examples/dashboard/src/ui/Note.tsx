import type { ReactNode } from 'react';
import type { Fault } from '@/api/faults';
import { Button } from './Button';
import { Icon } from './Icon';

type Tone = 'bad' | 'warn' | 'info' | 'good';

/** Something that should be read before going on. */
export function Note({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <div className="note" data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={tone === 'good' ? 'check' : 'warning'} />
      <div>{children}</div>
    </div>
  );
}

/** What went wrong, by which name the service's log knows it, and a way to go on. */
export function FaultNote({ fault, onRetry }: { fault: Fault; onRetry?: () => void }) {
  const denied = fault.code === 'FORBIDDEN';
  return (
    <div className="note" data-tone="bad" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{denied ? 'Your role does not show you this.' : fault.message}</strong>
        {fault.requestId && (
          <div className="small">
            Request <span className="mono">{fault.requestId}</span>
          </div>
        )}
      </div>
      {onRetry && !denied && (
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
