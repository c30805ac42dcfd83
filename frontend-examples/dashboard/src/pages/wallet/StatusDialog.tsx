import { useSubmit } from '@/api/useSubmit';
import { SetWalletStatusDocument, type WalletFieldsFragment, type WalletStatus } from '@/gql/graphql';
import { Dialog } from '@/ui/Dialog';
import { ReasonForm } from '@/ui/ReasonForm';
import { toast } from '@/ui/toasts';

const ACTION: Record<WalletStatus, string> = { ACTIVE: 'Reopen', FROZEN: 'Freeze', CLOSED: 'Close' };
const MEANS: Record<WalletStatus, string> = {
  ACTIVE: 'It may pay and be paid again.',
  FROZEN: 'It refuses withdrawals, transfers out and orders. It can still be paid.',
  CLOSED: 'It refuses everything but the refund of an order.',
};

interface Props {
  wallet: WalletFieldsFragment;
  status: WalletStatus;
  onClose: () => void;
  onDone: (wallet: WalletFieldsFragment) => void;
}

/** Freezes, closes or reopens a wallet. The reason stays in its ledger. */
export function StatusDialog({ wallet, status, onClose, onDone }: Props) {
  const { submit, busy, refusal } = useSubmit(SetWalletStatusDocument, (data) => data.setWalletStatus);
  async function change(reason: string) {
    const data = await submit({ uids: [wallet.uid], status, reason });
    const changed = data?.setWalletStatus.wallets[0];
    if (!changed) return;
    toast(`${wallet.uid} is ${changed.status.toLowerCase()} now`);
    onDone(changed);
  }
  return (
    <Dialog title={`${ACTION[status]} ${wallet.uid}`} subtitle={MEANS[status]} onClose={onClose}>
      <ReasonForm
        action={`${ACTION[status]} the wallet`}
        danger={status !== 'ACTIVE'}
        hint="Kept in the ledger, for whoever asks later."
        {...{ busy, refusal }}
        onSubmit={change}
        onCancel={onClose}
      />
    </Dialog>
  );
}
