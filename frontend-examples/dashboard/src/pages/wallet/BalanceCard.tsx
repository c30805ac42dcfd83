import type { WalletFieldsFragment } from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { Fact } from '@/ui/Card';
import { Money } from '@/ui/Money';
import { Ago, Time } from '@/ui/Time';
import type { Action } from './WalletPage';

interface Props {
  wallet: WalletFieldsFragment;
  mayDeposit: boolean;
  onAction: (action: Action) => void;
}

/** Where a balance was read. */
const SOURCE = {
  CACHE: 'The cache',
  DATABASE: 'The database',
  STALE: 'Memory: the database is away, it may have changed',
};

/** What a wallet holds, how fresh that is, and what can be done with it. */
export function BalanceCard({ wallet, mayDeposit, onAction }: Props) {
  return (
    <section className="card" aria-label="Balance">
      <div className="hero">
        <div className="hero-balance">
          <span className="quiet">Balance</span>
          {/* By the version: each change is a new element, which lights up. */}
          <strong key={wallet.version} className="moved" data-testid="balance">
            <Money amount={wallet.balance} currency={wallet.currency} />
          </strong>
        </div>
        <div className="buttons">
          {mayDeposit && (
            <Button look="primary" onClick={() => onAction('deposit')}>
              Deposit
            </Button>
          )}
          <Button
            look={mayDeposit ? undefined : 'primary'}
            disabled={wallet.status !== 'ACTIVE'}
            onClick={() => onAction('transfer')}
          >
            Transfer
          </Button>
          <Button disabled={wallet.status !== 'ACTIVE'} onClick={() => onAction('withdraw')}>
            Withdraw
          </Button>
          {mayDeposit && <StatusButtons {...{ wallet, onAction }} />}
        </div>
      </div>
      <dl className="facts">
        <Fact label="Read from">{SOURCE[wallet.source]}</Fact>
        <Fact label="Last change">
          <Ago at={wallet.updatedAt} />
        </Fact>
        <Fact label="True as of">
          <Ago at={wallet.asOf} />
        </Fact>
        <Fact label="Version">
          <span className="number" data-testid="version">
            {wallet.version}
          </span>
        </Fact>
        <Fact label="Opened">
          <Time at={wallet.createdAt} />
        </Fact>
      </dl>
    </section>
  );
}

function StatusButtons({ wallet, onAction }: Pick<Props, 'wallet' | 'onAction'>) {
  if (wallet.status === 'ACTIVE')
    return (
      <Button look="danger" onClick={() => onAction('FROZEN')}>
        Freeze
      </Button>
    );
  return (
    <>
      <Button onClick={() => onAction('ACTIVE')}>Reopen</Button>
      {wallet.status === 'FROZEN' && (
        <Button look="danger" onClick={() => onAction('CLOSED')}>
          Close
        </Button>
      )}
    </>
  );
}
