import type { OrderFieldsFragment } from '@/gql/graphql';
import { formatMoney, fromUnits, toUnits } from '@/money/money';
import { Stat } from '@/ui/Card';
import { Skeleton } from '@/ui/Skeleton';
import { isRefunded, total } from './sums';

export function Totals({ orders }: { orders?: OrderFieldsFragment[] }) {
  const money = (units: bigint) => formatMoney(fromUnits(units));
  const waiting = <Skeleton width={90} height={22} />;
  const kept = orders?.filter(({ status }) => !isRefunded(status));
  const profit = kept?.reduce((sum, order) => sum + toUnits(order.profitAmount), 0n);
  return (
    <>
      <dl className="stats">
        <Stat label="Orders">{orders ? orders.length.toLocaleString('en') : waiting}</Stat>
        <Stat label="Ordered for">{kept ? money(total(kept)) : waiting}</Stat>
        <Stat label="Given back">{orders && kept ? money(total(orders) - total(kept)) : waiting}</Stat>
        <Stat label="Profit">{profit === undefined ? waiting : money(profit)}</Stat>
      </dl>
      {orders && kept && kept.length < orders.length && (
        <p className="quiet small">
          “Orders” counts {orders.length - kept.length} that were cancelled or expired; “Ordered for” and
          “Profit” leave them out.
        </p>
      )}
    </>
  );
}
