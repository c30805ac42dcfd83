import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { atLeast, useViewer } from '@/app/viewer';
import type { WalletStatus } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { Button } from '@/ui/Button';
import { PageHead } from '@/ui/Card';
import { FaultNote } from '@/ui/Note';
import { PageSkeleton } from '@/ui/Skeleton';
import { useTitle } from '@/ui/useTitle';
import { WALLET_TONE, words } from '@/ui/words';
import { BalanceCard } from './BalanceCard';
import { LedgerCard } from './LedgerCard';
import { DepositDialog, TransferDialog, WithdrawDialog } from './MoneyDialogs';
import { NoWallet } from './NoWallet';
import { StatusDialog } from './StatusDialog';
import { TimelineCard } from './TimelineCard';
import { useWallet } from './useWallet';

export type Action = 'deposit' | 'withdraw' | 'transfer' | WalletStatus;

export default function WalletPage() {
  const { uid } = useParams({ from: '/wallets/$uid' });
  return <OneWallet key={uid} uid={uid} />;
}

function OneWallet({ uid }: { uid: string }) {
  useTitle(uid);
  const viewer = useViewer();
  const { wallet, missing, fault, retry, readDatabase, hear } = useWallet(uid);
  const [action, setAction] = useState<Action>();
  if (fault)
    return (
      <div className="page">
        <PageHead title={uid} />
        <FaultNote fault={fault} onRetry={retry} />
      </div>
    );
  if (missing) return <NoWallet uid={uid} onOpened={retry} />;
  if (!wallet) return <PageSkeleton />;

  const dialog = {
    wallet,
    onClose: () => setAction(undefined),
    onDone: (changed: typeof wallet) => {
      hear(changed);
      setAction(undefined);
    },
  };
  return (
    <div className="page">
      <PageHead
        title={
          <>
            {uid} <Badge tone={WALLET_TONE[wallet.status]}>{words(wallet.status)}</Badge>
          </>
        }
        side={
          <Button icon="refresh" onClick={readDatabase}>
            Read the database
          </Button>
        }
      />
      <BalanceCard wallet={wallet} mayDeposit={atLeast(viewer, 'OPERATOR')} onAction={setAction} />
      <TimelineCard uid={uid} version={wallet.version} />
      <LedgerCard uid={uid} version={wallet.version} />
      {action === 'deposit' && <DepositDialog {...dialog} />}
      {action === 'withdraw' && <WithdrawDialog {...dialog} />}
      {action === 'transfer' && <TransferDialog {...dialog} />}
      {(action === 'ACTIVE' || action === 'FROZEN' || action === 'CLOSED') && (
        <StatusDialog status={action} {...dialog} />
      )}
    </div>
  );
}
