import { retryNow } from '@/api/follow';
import { useStore } from '@/api/store';
import { useNow } from '@/ui/Time';
import { useLive } from './viewer';

/** Whether what is shown as live is so. */
export function ConnectionStatus() {
  const live = useLive();
  const connection = useStore(live.connection);
  const resumed = useStore(live.resumed);
  if (connection.state === 'waiting') return <Waiting until={connection.until} />;
  const said = {
    idle: 'Nothing live on this page',
    connecting: 'Connecting…',
    live: resumed > 0 ? `Live, resumed ${resumed === 1 ? 'once' : `${resumed} times`}` : 'Live',
  }[connection.state];
  return (
    <div className="status" data-state={connection.state} role="status">
      <span className="dot" />
      {said}
    </div>
  );
}

function Waiting({ until }: { until: number }) {
  const seconds = Math.max(0, Math.ceil((until - useNow(250)) / 1_000));
  return (
    <div className="status" data-state="waiting">
      <span className="dot" />
      <span>
        <span role="status">Connection lost.</span> Again in {seconds} s.{' '}
        <button className="link-button" type="button" onClick={retryNow}>
          Now
        </button>
      </span>
    </div>
  );
}
