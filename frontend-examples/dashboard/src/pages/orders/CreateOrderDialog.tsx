import { useSubmit } from '@/api/useSubmit';
import { atLeast, useViewer } from '@/app/viewer';
import { CreateOrderDocument, type OrderFieldsFragment } from '@/gql/graphql';
import { amountProblem, formatMoney } from '@/money/money';
import { Dialog } from '@/ui/Dialog';
import { TextField } from '@/ui/Field';
import { OperationForm, uidProblem, type Values } from '@/ui/OperationForm';
import { toast } from '@/ui/toasts';
import { periodProblem } from './periods';

interface Props {
  period: string;
  onClose: () => void;
  onCreated: (order: OrderFieldsFragment) => void;
}

/** Takes the amount from the wallet at once; it comes back if the order lapses or is cancelled. */
export function CreateOrderDialog({ period, onClose, onCreated }: Props) {
  const viewer = useViewer();
  const own = !atLeast(viewer, 'OPERATOR');
  const { submit, busy, refusal } = useSubmit(CreateOrderDocument, (data) => data.createOrder);
  async function create({ uid = viewer.uid, periodNumber = '', amount = '' }: Values) {
    const data = await submit({ uid, periodNumber, amount });
    const order = data?.createOrder.order;
    if (!order) return;
    toast(`${order.orderNo} is made`, `${formatMoney(order.amount)} was taken from ${order.uid}.`);
    onCreated(order);
  }
  return (
    <Dialog
      title="New order"
      subtitle="The amount is taken from the wallet, and comes back if the order lapses or is cancelled."
      onClose={onClose}
    >
      <OperationForm
        action="Make the order"
        {...{ busy, refusal }}
        onSubmit={create}
        onCancel={onClose}
        check={(values) => ({
          uid: own ? undefined : uidProblem(values.uid),
          periodNumber: periodProblem(values.periodNumber ?? ''),
          amount: amountProblem(values.amount ?? ''),
        })}
      >
        {(problem) => (
          <>
            {!own && (
              <TextField label="Wallet (uid)" name="uid" placeholder="u000001" problem={problem('uid')} />
            )}
            <TextField
              label="Period"
              name="periodNumber"
              defaultValue={period}
              problem={problem('periodNumber')}
            />
            <TextField
              label="Amount"
              name="amount"
              inputMode="decimal"
              placeholder="0.00"
              className="amount"
              problem={problem('amount')}
            />
          </>
        )}
      </OperationForm>
    </Dialog>
  );
}
