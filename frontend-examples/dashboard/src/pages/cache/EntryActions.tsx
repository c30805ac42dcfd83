import { useSubmit } from '@/api/useSubmit';
import {
  InvalidateCacheDocument,
  RefreshCacheDocument,
  WarmCacheDocument,
  type CacheTarget,
} from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { counted } from '@/ui/numbers';
import { toast } from '@/ui/toasts';

interface Outcome {
  affectedKeys: number;
  skippedKeys: number;
}

/** Fill what is missing; read all of it anew; or throw it out. */
export function EntryActions({ target, onDone }: { target: CacheTarget; onDone: () => void }) {
  const warm = useSubmit(WarmCacheDocument, (data) => data.warmCache);
  const refresh = useSubmit(RefreshCacheDocument, (data) => data.refreshCache);
  const invalidate = useSubmit(InvalidateCacheDocument, (data) => data.invalidateCache);
  const busy = warm.busy || refresh.busy || invalidate.busy;
  const refusal = warm.refusal ?? refresh.refusal ?? invalidate.refusal;

  function done(what: string, outcome?: Outcome) {
    if (!outcome) return;
    const skipped =
      outcome.skippedKeys > 0 ? `Left as they are: ${outcome.skippedKeys.toLocaleString('en')}.` : undefined;
    toast(`${counted(outcome.affectedKeys, 'entry', 'entries')} ${what}`, skipped);
    onDone();
  }
  return (
    <div className="card-foot">
      <span className="bad small" role="alert">
        {refusal && (refusal.form ?? Object.values(refusal.fields)[0])}
      </span>
      <div className="buttons">
        <Button
          size="small"
          disabled={busy}
          onClick={async () => done('warmed', (await warm.submit({ target }))?.warmCache)}
        >
          Warm
        </Button>
        <Button
          size="small"
          disabled={busy}
          onClick={async () => done('read anew', (await refresh.submit({ target }))?.refreshCache)}
        >
          Refresh
        </Button>
        <Button
          size="small"
          look="danger"
          disabled={busy}
          onClick={async () => done('thrown out', (await invalidate.submit({ target }))?.invalidateCache)}
        >
          Invalidate
        </Button>
      </div>
    </div>
  );
}
