import type { OrderFieldsFragment, OrderStatus } from '@/gql/graphql';
import { toUnits } from '@/money/money';
import { ORDER_STATUSES } from '@/ui/words';

export interface Sum {
  status: OrderStatus;
  count: number;
  amount: bigint;
}

/** How many orders and how much money, by status. */
export function sumsOf(orders: OrderFieldsFragment[]): Sum[] {
  return ORDER_STATUSES.map((status) => {
    const those = orders.filter((order) => order.status === status);
    return { status, count: those.length, amount: total(those) };
  });
}

export function total(orders: OrderFieldsFragment[]): bigint {
  return orders.reduce((sum, order) => sum + toUnits(order.amount), 0n);
}

/** Money of these has been given back. */
export function isRefunded(status: OrderStatus): boolean {
  return status === 'CANCELLED' || status === 'EXPIRED';
}
