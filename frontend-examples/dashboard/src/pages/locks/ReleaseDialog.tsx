import { useSubmit } from '@/api/useSubmit';
import { ForceReleaseLockDocument, type LockFieldsFragment } from '@/gql/graphql';
import { Dialog } from '@/ui/Dialog';
import { ReasonForm } from '@/ui/ReasonForm';
import { toast } from '@/ui/toasts';

interface Props {
  lock: LockFieldsFragment;
  onClose: () => void;
  onDone: () => void;
}

/** Breaks a lock, but only the one that was looked at: who took it since keeps theirs. */
export function ReleaseDialog({ lock, onClose, onDone }: Props) {
  const { submit, busy, refusal } = useSubmit(ForceReleaseLockDocument, (data) => data.forceReleaseLock);
  async function release(reason: string) {
    const data = await submit({ uid: lock.uid, reason, expectedHolder: lock.holder });
    if (!data) return;
    toast(`The lock of ${lock.uid} is released`);
    onDone();
  }
  return (
    <Dialog
      title={`Release the lock of ${lock.uid}`}
      subtitle={
        <>
          Held by <span className="mono">{lock.holder}</span>. Balances stay right: the database’s row lock
          sees to that.
        </>
      }
      onClose={onClose}
    >
      <ReasonForm
        action="Release the lock"
        danger
        hint="Kept in the operation log."
        {...{ busy, refusal }}
        onSubmit={release}
        onCancel={onClose}
      />
    </Dialog>
  );
}
