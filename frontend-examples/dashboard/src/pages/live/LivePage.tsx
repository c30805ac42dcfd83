import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { Button } from '@/ui/Button';
import { Card, PageHead } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { FaultNote, Note } from '@/ui/Note';
import { counted } from '@/ui/numbers';
import { useTitle } from '@/ui/useTitle';
import { FeedStatus } from './FeedStatus';
import { FeedTable } from './FeedTable';
import { FlowPart } from './FlowPart';
import { LiveFilters } from './LiveFilters';
import { useFeed } from './useFeed';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Every balance that changes, as it changes. */
export default function LivePage() {
  useTitle('Live balances');
  const search = useSearch({ from: '/live' });
  const navigate = useNavigate({ from: '/live' });
  const { rows, flows, paused, pause, held, gapAt, fault, clear } = useFeed(search.min);
  const [dismissed, dismiss] = useState<number>();
  const shown = useMemo(() => {
    const wanted = search.uid;
    return wanted ? rows.filter(({ uid }) => uid.includes(wanted)) : rows;
  }, [rows, search.uid]);
  return (
    <div className="page">
      <PageHead title="Live balances" side={<FeedStatus paused={paused} />}>
        Every change of every wallet, the moment it is committed.
      </PageHead>
      {fault && <FaultNote fault={fault} />}
      {gapAt && gapAt !== dismissed && (
        <Note tone="warn">
          Too much happened at once, or while the connection was away: some changes before{' '}
          {CLOCK.format(gapAt)} are not in this table.{' '}
          <button type="button" className="link-button" onClick={() => dismiss(gapAt)}>
            Understood
          </button>
        </Note>
      )}
      <FlowPart flows={flows} />
      <Card
        title="Changes"
        side={
          <div className="buttons">
            <Button size="small" look="plain" onClick={clear} disabled={rows.length === 0}>
              Clear
            </Button>
            <Button size="small" icon={paused ? 'play' : 'pause'} onClick={() => pause(!paused)}>
              {paused ? `Go on${held > 0 ? ` (${held.toLocaleString('en')} new)` : ''}` : 'Pause'}
            </Button>
          </div>
        }
      >
        <div className="card-body">
          <LiveFilters search={search} onChange={(next) => void navigate({ search: next, replace: true })} />
        </div>
        {shown.length === 0 ? (
          <Empty
            icon="live"
            title={rows.length === 0 ? 'Waiting for the first change' : 'No change fits the filter yet'}
          >
            Changes show up here as they are made.
          </Empty>
        ) : (
          <FeedTable rows={shown} />
        )}
        <div className="card-foot small quiet">
          <span className="number" data-testid="shown">
            {counted(shown.length, 'change')}
            {search.uid ? ` of ${rows.length.toLocaleString('en')}` : ''}
          </span>
          <span>The newest 10,000 are kept.</span>
        </div>
      </Card>
    </div>
  );
}
