import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useQuery } from 'urql';
import { faultOf } from '@/api/faults';
import { OrderDetailDocument, type OrderFieldsFragment } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { Fact } from '@/ui/Card';
import { Dialog } from '@/ui/Dialog';
import { Empty } from '@/ui/Empty';
import { Money } from '@/ui/Money';
import { FaultNote } from '@/ui/Note';
import { Skeleton } from '@/ui/Skeleton';
import { Time } from '@/ui/Time';
import { ORDER_TONE, words } from '@/ui/words';
import { OrderActions } from './OrderActions';

interface Props {
  orderNo: string;
  onClose: () => void;
  onChanged: (order: OrderFieldsFragment) => void;
}

/** Everything about one order, and what may become of it. */
export function OrderDialog({ orderNo, onClose, onChanged }: Props) {
  const [{ data, error }, retry] = useQuery({ query: OrderDetailDocument, variables: { orderNo } });
  const [changed, setChanged] = useState<OrderFieldsFragment>();
  const read = data?.order;
  const order = changed && read && changed.version >= read.version ? changed : read;
  return (
    <Dialog
      title={orderNo}
      subtitle={order && <Badge tone={ORDER_TONE[order.status]}>{words(order.status)}</Badge>}
      onClose={onClose}
      wide
    >
      {error && !order && (
        <FaultNote fault={faultOf(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
      )}
      {!data && !error && <Skeleton height={160} />}
      {read === null && (
        <Empty icon="orders" title="There is no such order">
          It may have been deleted, or is not yours to see.
        </Empty>
      )}
      {order && <Facts order={order} />}
      {order && (
        <OrderActions
          order={order}
          onChanged={(next) => {
            setChanged(next);
            onChanged(next);
          }}
        />
      )}
    </Dialog>
  );
}

function Facts({ order }: { order: OrderFieldsFragment }) {
  return (
    <dl className="facts">
      <Fact label="Wallet">
        <Link to="/wallets/$uid" params={{ uid: order.uid }}>
          {order.uid}
        </Link>
      </Fact>
      <Fact label="Period">{order.periodNumber}</Fact>
      <Fact label="Amount">
        <Money amount={order.amount} />
      </Fact>
      <Fact label="Profit">
        <Money amount={order.profitAmount} />
      </Fact>
      <Fact label="Likes">{order.likeCount}</Fact>
      <Fact label="Shares">{order.shareCount}</Fact>
      <Fact label="Follows">{order.followCount}</Fact>
      <Fact label="Favourites">{order.favoriteCount}</Fact>
      <Fact label="Made">
        <Time at={order.createdAt} />
      </Fact>
      <Fact label="Last change">
        <Time at={order.updatedAt} />
      </Fact>
      <Fact label={order.status === 'PENDING' ? 'Lapses' : 'Would have lapsed'}>
        <Time at={order.expireTime} />
      </Fact>
      <Fact label="Version">{order.version}</Fact>
    </dl>
  );
}
