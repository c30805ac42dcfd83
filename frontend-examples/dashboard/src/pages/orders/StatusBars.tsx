import type { OrderFieldsFragment, OrderStatus } from '@/gql/graphql';
import { formatMoney, fromUnits } from '@/money/money';
import { Skeleton } from '@/ui/Skeleton';
import { words } from '@/ui/words';
import { sumsOf } from './sums';

const LOOK: Record<OrderStatus, string> = {
  PENDING: 's5',
  PAID: 's1',
  COMPLETED: 's-good',
  CANCELLED: 's-bad',
  EXPIRED: 's6',
};

/** A chart by status, as a list: five bars need no canvas, and read aloud as they are. */
export function StatusBars({ orders }: { orders?: OrderFieldsFragment[] }) {
  if (!orders) return <Skeleton height={140} />;
  const sums = sumsOf(orders);
  const most = Math.max(1, ...sums.map(({ count }) => count));
  return (
    <ul className="bars">
      {sums.map(({ status, count, amount }) => (
        <li key={status}>
          <span>{words(status)}</span>
          <span className="track">
            {count > 0 && (
              <span className={`fill ${LOOK[status]}`} style={{ width: `${(count / most) * 100}%` }} />
            )}
          </span>
          <span className="value">
            {count.toLocaleString('en')} · {formatMoney(fromUnits(amount))}
          </span>
        </li>
      ))}
    </ul>
  );
}
