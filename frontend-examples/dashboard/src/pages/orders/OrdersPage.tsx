import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { OrdersSearch } from '@/app/router';
import { Button } from '@/ui/Button';
import { Card, PageHead } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { FaultNote, Note } from '@/ui/Note';
import { RowsSkeleton } from '@/ui/Skeleton';
import { useTitle } from '@/ui/useTitle';
import { words } from '@/ui/words';
import { CreateOrderDialog } from './CreateOrderDialog';
import { OrderDialog } from './OrderDialog';
import { OrdersTable } from './OrdersTable';
import { PeriodPicker } from './PeriodPicker';
import { lastPeriod } from './periods';
import { StatusBars } from './StatusBars';
import { StatusFilter } from './StatusFilter';
import { Totals } from './Totals';
import { MOST_ORDERS, usePeriod } from './usePeriod';

/** The orders of one period. */
export default function OrdersPage() {
  useTitle('Orders');
  const search = useSearch({ from: '/orders' });
  const period = search.period ?? lastPeriod();
  // By the period: another one begins anew.
  return <Period key={period} period={period} search={search} />;
}

function Period({ period, search }: { period: string; search: OrdersSearch }) {
  const navigate = useNavigate({ from: '/orders' });
  const { orders, complete, fault, hear, retry } = usePeriod(period);
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<string>();
  const go = (next: OrdersSearch) => void navigate({ search: next, replace: true, resetScroll: false });
  const { status } = search;
  const shown = orders && (status ? orders.filter((order) => order.status === status) : orders);
  return (
    <div className="page">
      <PageHead
        title="Orders"
        side={
          <Button look="primary" icon="plus" onClick={() => setCreating(true)}>
            New order
          </Button>
        }
      >
        What was ordered in a period, as it stands now.
      </PageHead>
      <PeriodPicker period={period} onPick={(next) => go({ period: next })} />
      {fault && <FaultNote fault={fault} onRetry={retry} />}
      {!complete && (
        <Note tone="warn">
          This period has more than {MOST_ORDERS.toLocaleString('en')} orders: the first are shown and
          counted.
        </Note>
      )}
      <Totals orders={orders} />
      <Card title="By status">
        <div className="card-body">
          <StatusBars orders={orders} />
        </div>
      </Card>
      <Card
        title={status ? `${words(status)} orders` : 'All orders'}
        side={<StatusFilter {...{ status }} onChange={(next) => go({ ...search, status: next })} />}
      >
        {!shown && !fault && <RowsSkeleton />}
        {shown?.length === 0 && (
          <Empty icon="orders" title="No orders here">
            {status ? 'None of this period is in this status.' : 'Nobody has ordered in this period yet.'}
          </Empty>
        )}
        {shown && shown.length > 0 && (
          <OrdersTable orders={shown} onOpen={(orderNo) => go({ ...search, order: orderNo })} made={made} />
        )}
      </Card>
      {search.order && (
        <OrderDialog
          orderNo={search.order}
          onClose={() => go({ ...search, order: undefined })}
          onChanged={hear}
        />
      )}
      {creating && (
        <CreateOrderDialog
          period={period}
          onClose={() => setCreating(false)}
          onCreated={(order) => {
            setCreating(false);
            if (order.periodNumber !== period) return go({ period: order.periodNumber });
            hear(order);
            setMade(order.orderNo);
            // It is pending, and would not be seen among others.
            if (status && status !== order.status) go({ ...search, status: undefined });
          }}
        />
      )}
    </div>
  );
}
