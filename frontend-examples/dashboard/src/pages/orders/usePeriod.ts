import { useEffect, useState } from 'react';
import { useClient, type CombinedError } from 'urql';
import { faultOf, type Fault } from '@/api/faults';
import { useFollow } from '@/api/useFollow';
import { atLeast, useViewer } from '@/app/viewer';
import {
  OwnOrdersDocument,
  PeriodOrdersDocument,
  PeriodOrderUpdatesDocument,
  type OrderFieldsFragment,
} from '@/gql/graphql';

const PAGE = 500;
/** A period of more is shown in part, and said to be. */
export const MOST_ORDERS = 10_000;

type Orders = ReadonlyMap<string, OrderFieldsFragment>;

interface Page {
  edges: { node: OrderFieldsFragment }[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

/** The orders of a period, all pages of them, kept as they change. Users see their own. */
export function usePeriod(periodNumber: string) {
  const client = useClient();
  const viewer = useViewer();
  const all = atLeast(viewer, 'OPERATOR');
  const [orders, setOrders] = useState<Orders>();
  const [complete, setComplete] = useState(true);
  const [fault, setFault] = useState<Fault>();
  const [tries, setTries] = useState(0);

  const hear = (order: OrderFieldsFragment) => setOrders((before) => withOrders(before, [order]));
  const forget = (order: OrderFieldsFragment) =>
    setOrders((before) => {
      const after = new Map(before);
      after.delete(order.orderNo);
      return after;
    });

  useEffect(() => {
    let left = false;
    async function page(after?: string | null): Promise<Page> {
      const variables = { periodNumber, first: PAGE, after };
      const policy = { requestPolicy: 'network-only' } as const;
      if (all) {
        const { data, error } = await client.query(PeriodOrdersDocument, variables, policy);
        return data?.ordersByPeriod ?? broken(error);
      }
      const { data, error } = await client.query(
        OwnOrdersDocument,
        { ...variables, uid: viewer.uid },
        policy,
      );
      return data ? (data.wallet?.orders ?? { edges: [], pageInfo: { hasNextPage: false } }) : broken(error);
    }
    async function read() {
      let after: string | null | undefined;
      let count = 0;
      do {
        const { edges, pageInfo } = await page(after);
        if (left) return;
        count += edges.length;
        after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
        setOrders((before) =>
          withOrders(
            before,
            edges.map(({ node }) => node),
          ),
        );
      } while (after && count < MOST_ORDERS);
      setComplete(!after);
    }
    setFault(undefined);
    read().catch((error: CombinedError) => {
      if (!left) setFault(faultOf(error));
    });
    return () => {
      left = true;
    };
  }, [client, periodNumber, all, viewer.uid, tries]);

  useFollow(periodNumber, {
    document: PeriodOrderUpdatesDocument,
    variables: () => ({ periodNumber }),
    onData: ({ orderUpdated: { order, deleted } }) => (deleted ? forget(order) : hear(order)),
  });

  return {
    orders: orders && [...orders.values()],
    complete,
    fault,
    hear,
    retry: () => setTries(tries + 1),
  };
}

function broken(error?: CombinedError): never {
  throw error ?? new Error('no answer');
}

/** Of two answers about one order, the one of the higher version is newer. */
function withOrders(before: Orders | undefined, more: OrderFieldsFragment[]): Orders {
  const after = new Map(before);
  for (const order of more) {
    const known = after.get(order.orderNo);
    if (!known || known.version <= order.version) after.set(order.orderNo, order);
  }
  return after;
}
