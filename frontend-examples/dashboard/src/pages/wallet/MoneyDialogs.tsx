import { useSubmit } from '@/api/useSubmit';
import {
  DepositDocument,
  TransferDocument,
  WithdrawDocument,
  type WalletFieldsFragment,
} from '@/gql/graphql';
import { amountProblem, formatMoney } from '@/money/money';
import { Dialog } from '@/ui/Dialog';
import { TextField } from '@/ui/Field';
import { OperationForm, uidProblem, type Values } from '@/ui/OperationForm';
import { toast } from '@/ui/toasts';

interface Props {
  wallet: WalletFieldsFragment;
  onClose: () => void;
  onDone: (wallet: WalletFieldsFragment) => void;
}

type Problem = (field: string) => string | undefined;

const holds = (wallet: WalletFieldsFragment) =>
  `${wallet.uid} holds ${formatMoney(wallet.balance)} ${wallet.currency}`;
const descriptionOf = (values: Values) => values.description || null;
const tooLong = (values: Values) =>
  (values.description?.length ?? 0) > 500 ? 'At most 500 characters.' : undefined;

function AmountAndDescription({ problem, currency }: { problem: Problem; currency: string }) {
  return (
    <>
      <TextField
        label="Amount"
        name="amount"
        inputMode="decimal"
        placeholder="0.00"
        unit={currency}
        className="amount"
        problem={problem('amount')}
      />
      <TextField label="Description (optional)" name="description" problem={problem('description')} />
    </>
  );
}

function done(what: string, amount: string, wallet: WalletFieldsFragment, replayed?: boolean) {
  const now = `${wallet.uid} holds ${formatMoney(wallet.balance)} ${wallet.currency}.`;
  toast(
    `${formatMoney(amount)} ${wallet.currency} ${what}`,
    replayed ? `It had been done before. ${now}` : now,
  );
}

export function DepositDialog({ wallet, onClose, onDone }: Props) {
  const { submit, busy, refusal } = useSubmit(DepositDocument, (data) => data.deposit);
  async function deposit(values: Values) {
    const amount = values.amount ?? '';
    const data = await submit({ uid: wallet.uid, amount, description: descriptionOf(values) });
    if (!data?.deposit.wallet) return;
    done('deposited', amount, data.deposit.wallet, data.deposit.operation?.replayed);
    onDone(data.deposit.wallet);
  }
  return (
    <Dialog title="Deposit" subtitle={holds(wallet)} onClose={onClose}>
      <OperationForm
        action="Deposit"
        {...{ busy, refusal }}
        onSubmit={deposit}
        onCancel={onClose}
        check={(values) => ({ amount: amountProblem(values.amount ?? ''), description: tooLong(values) })}
      >
        {(problem) => <AmountAndDescription {...{ problem }} currency={wallet.currency} />}
      </OperationForm>
    </Dialog>
  );
}

export function WithdrawDialog({ wallet, onClose, onDone }: Props) {
  const { submit, busy, refusal } = useSubmit(WithdrawDocument, (data) => data.withdraw);
  async function withdraw(values: Values) {
    const amount = values.amount ?? '';
    const data = await submit({ uid: wallet.uid, amount, description: descriptionOf(values) });
    if (!data?.withdraw.wallet) return;
    done('withdrawn', amount, data.withdraw.wallet, data.withdraw.operation?.replayed);
    onDone(data.withdraw.wallet);
  }
  return (
    <Dialog title="Withdraw" subtitle={holds(wallet)} onClose={onClose}>
      <OperationForm
        action="Withdraw"
        {...{ busy, refusal }}
        onSubmit={withdraw}
        onCancel={onClose}
        check={(values) => ({ amount: amountProblem(values.amount ?? ''), description: tooLong(values) })}
      >
        {(problem) => <AmountAndDescription {...{ problem }} currency={wallet.currency} />}
      </OperationForm>
    </Dialog>
  );
}

export function TransferDialog({ wallet, onClose, onDone }: Props) {
  const { submit, busy, refusal } = useSubmit(TransferDocument, (data) => data.transfer);
  async function transfer(values: Values) {
    const { amount = '', toUid = '' } = values;
    const data = await submit({ fromUid: wallet.uid, toUid, amount, description: descriptionOf(values) });
    if (!data?.transfer.fromWallet) return;
    done(`sent to ${toUid}`, amount, data.transfer.fromWallet, data.transfer.operation?.replayed);
    onDone(data.transfer.fromWallet);
  }
  const toProblem = (uid?: string) =>
    uidProblem(uid) ?? (uid === wallet.uid ? 'That is the wallet that pays.' : undefined);
  return (
    <Dialog title="Transfer" subtitle={holds(wallet)} onClose={onClose}>
      <OperationForm
        action="Transfer"
        {...{ busy, refusal }}
        onSubmit={transfer}
        onCancel={onClose}
        check={(values) => ({
          toUid: toProblem(values.toUid),
          amount: amountProblem(values.amount ?? ''),
          description: tooLong(values),
        })}
      >
        {(problem) => (
          <>
            <TextField label="To (uid)" name="toUid" placeholder="u000002" problem={problem('toUid')} />
            <TextField
              label="Amount"
              name="amount"
              inputMode="decimal"
              placeholder="0.00"
              unit={wallet.currency}
              className="amount"
              problem={problem('amount')}
            />
            <TextField label="Description (optional)" name="description" problem={problem('description')} />
          </>
        )}
      </OperationForm>
    </Dialog>
  );
}
