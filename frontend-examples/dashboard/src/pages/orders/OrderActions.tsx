import { useState } from 'react';
import { useSubmit } from '@/api/useSubmit';
import { atLeast, useViewer } from '@/app/viewer';
import { UpdateOrderStatusDocument, type OrderFieldsFragment, type OrderStatus } from '@/gql/graphql';
import { formatMoney } from '@/money/money';
import { Button } from '@/ui/Button';
import { Note } from '@/ui/Note';
import { toast } from '@/ui/toasts';

interface Step {
  to: OrderStatus;
  label: string;
  /** What is asked before it is done. */
  question?: string;
}

const CANCEL: Step = { to: 'CANCELLED', label: 'Cancel the order', question: 'Cancel it?' };
const STEPS: Record<OrderStatus, Step[]> = {
  PENDING: [CANCEL, { to: 'PAID', label: 'Confirm' }],
  PAID: [CANCEL, { to: 'COMPLETED', label: 'Complete' }],
  COMPLETED: [],
  CANCELLED: [],
  EXPIRED: [],
};

/** The next statuses that an order may have. Users may only cancel. */
export function OrderActions({
  order,
  onChanged,
}: {
  order: OrderFieldsFragment;
  onChanged: (order: OrderFieldsFragment) => void;
}) {
  const operator = atLeast(useViewer(), 'OPERATOR');
  const { submit, busy, refusal } = useSubmit(UpdateOrderStatusDocument, (data) => data.updateOrderStatus);
  const [asked, setAsked] = useState<Step>();
  const steps = STEPS[order.status].filter(({ to }) => operator || to === 'CANCELLED');

  async function go({ to }: Step) {
    const data = await submit({ orderNo: order.orderNo, status: to, expectedStatus: order.status });
    if (!data?.updateOrderStatus.order) return;
    const { wallet } = data.updateOrderStatus;
    const text =
      to === 'CANCELLED' && wallet
        ? `${formatMoney(order.amount)} went back: ${wallet.uid} holds ${formatMoney(wallet.balance)} ${wallet.currency}.`
        : undefined;
    toast(`${order.orderNo} is ${to.toLowerCase()}`, text);
    setAsked(undefined);
    onChanged(data.updateOrderStatus.order);
  }

  if (steps.length === 0) return null;
  const said = refusal?.form ?? Object.values(refusal?.fields ?? {})[0];
  return (
    <>
      {said && <Note tone="bad">{said}</Note>}
      {asked && (
        <Note tone="warn">
          <strong>{asked.question}</strong> {formatMoney(order.amount)} goes back to {order.uid}. This cannot
          be undone.
        </Note>
      )}
      <div className="dialog-foot">
        {asked && <Button onClick={() => setAsked(undefined)}>No</Button>}
        {asked && (
          <Button look="danger" disabled={busy} onClick={() => go(asked)}>
            {busy ? 'Working…' : 'Yes, give the money back'}
          </Button>
        )}
        {!asked &&
          steps.map((step) => (
            <Button
              key={step.to}
              look={step.question ? 'danger' : 'primary'}
              disabled={busy}
              onClick={() => (step.question ? setAsked(step) : go(step))}
            >
              {step.label}
            </Button>
          ))}
      </div>
    </>
  );
}
