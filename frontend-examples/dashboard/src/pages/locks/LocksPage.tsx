import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { faultOf } from '@/api/faults';
import { usePolled } from '@/api/usePolled';
import { atLeast, useViewer } from '@/app/viewer';
import { LocksDocument, type LockFieldsFragment } from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { Card, PageHead } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { TextField } from '@/ui/Field';
import { FaultNote } from '@/ui/Note';
import { counted } from '@/ui/numbers';
import { uidProblem } from '@/ui/OperationForm';
import { useTitle } from '@/ui/useTitle';
import { LockNumbers } from './LockNumbers';
import { LocksTable, type Watched } from './LocksTable';
import { ReleaseDialog } from './ReleaseDialog';
import { useScan } from './useScan';

const EVERY_MS = 1_500;
const MOST_WATCHED = 100;

/** Whose locks are held, by whom, and who waits. */
export default function LocksPage() {
  useTitle('Locks');
  const admin = atLeast(useViewer(), 'ADMIN');
  const search = useSearch({ from: '/locks' });
  const navigate = useNavigate({ from: '/locks' });
  const uids = search.uid?.split(',').slice(0, MOST_WATCHED) ?? [];
  const watch = (next: string[]) => {
    const uid = [...new Set(next)].slice(-MOST_WATCHED).join(',');
    void navigate({ search: { uid: uid || undefined }, replace: true });
  };
  const [{ data, error }, again] = usePolled(LocksDocument, { uids }, EVERY_MS, uids.length === 0);
  const { looked, scan } = useScan((found) => watch([...uids, ...found]));
  const [releasing, setReleasing] = useState<LockFieldsFragment>();
  const rows: Watched[] = uids.map((uid) => ({
    uid,
    lock: data?.walletsByUid.find((wallet) => wallet?.uid === uid)?.lock,
  }));
  return (
    <div className="page">
      <PageHead
        title="Locks"
        side={
          <Button icon="search" disabled={looked !== undefined} onClick={scan}>
            {looked === undefined ? 'Find held locks' : `${counted(looked, 'wallet')}…`}
          </Button>
        }
      >
        A lock orders work on a wallet between instances. It lapses by itself when its holder dies.
      </PageHead>
      {admin && <LockNumbers />}
      <Card title="Watched wallets">
        <div className="card-body">
          <WatchForm onWatch={(uid) => watch([...uids, uid])} />
        </div>
        {error && !data && (
          <div className="card-body">
            <FaultNote fault={faultOf(error)} onRetry={again} />
          </div>
        )}
        {uids.length === 0 ? (
          <Empty icon="locks" title="No wallet is watched">
            Add one by its uid, or look for the locks that are held now.
          </Empty>
        ) : (
          <LocksTable
            rows={rows}
            mayRelease={admin}
            onRelease={setReleasing}
            onForget={(uid) => watch(uids.filter((one) => one !== uid))}
          />
        )}
      </Card>
      {releasing && (
        <ReleaseDialog
          lock={releasing}
          onClose={() => setReleasing(undefined)}
          onDone={() => {
            setReleasing(undefined);
            again();
          }}
        />
      )}
    </div>
  );
}

function WatchForm({ onWatch }: { onWatch: (uid: string) => void }) {
  const [problem, setProblem] = useState<string>();
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const uid = String(new FormData(event.currentTarget).get('uid')).trim();
    const found = uidProblem(uid) ?? (uid.includes(',') ? 'One at a time.' : undefined);
    setProblem(found);
    if (found) return;
    event.currentTarget.reset();
    onWatch(uid);
  }
  return (
    <form className="toolbar" onSubmit={submit} noValidate>
      <TextField small label="Wallet (uid)" name="uid" placeholder="u000001" problem={problem} />
      <Button type="submit">Watch</Button>
    </form>
  );
}
