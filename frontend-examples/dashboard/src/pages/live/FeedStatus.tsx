import { useEffect, useState, type ReactNode } from 'react';
import { useStore } from '@/api/store';
import { useLive } from '@/app/viewer';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Whether the table moves, and whether anything was lost on the way. */
export function FeedStatus({ paused }: { paused: boolean }) {
  const live = useLive();
  const { state } = useStore(live.connection);
  const resumed = useStore(live.resumed);
  const [resumedAt, setResumedAt] = useState<number>();
  const [before] = useState(resumed);
  useEffect(() => {
    if (resumed > before) setResumedAt(Date.now());
  }, [resumed, before]);

  if (paused) return <Said state="paused">Paused. Changes are kept.</Said>;
  if (state === 'waiting') return <Said state="waiting">Connection lost</Said>;
  if (state !== 'live') return <Said state="connecting">Connecting…</Said>;
  return (
    <Said state="live">{resumedAt ? `Resumed at ${CLOCK.format(resumedAt)} where it was lost` : 'Live'}</Said>
  );
}

function Said({ state, children }: { state: string; children: ReactNode }) {
  return (
    <div className="status" data-state={state} role="status">
      <span className="dot" />
      {children}
    </div>
  );
}
