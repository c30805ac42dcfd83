import type { BalanceFeedSubscription, TransactionType } from '@/gql/graphql';
import { toUnits } from '@/money/money';

/** A line of the table. */
export interface Row {
  id: string;
  uid: string;
  /** None where changes were missed, or folded into one. */
  type?: TransactionType;
  amount?: string;
  units: bigint;
  balance: string;
  currency: string;
  version: number;
  description?: string | null;
  at: string;
  /** When it came in here. */
  heardAt: number;
}

/** Most rows kept: the oldest go. */
export const MOST_ROWS = 10_000;

export function rowOf({ adminBalanceFeed: event }: BalanceFeedSubscription): Row {
  const { cursor, wallet, transaction } = event;
  return {
    id: cursor,
    uid: wallet.uid,
    type: transaction?.type,
    amount: transaction?.amount,
    units: transaction ? toUnits(transaction.amount) : 0n,
    balance: wallet.balance,
    currency: wallet.currency,
    version: wallet.version,
    description: transaction?.description,
    at: transaction?.createdAt ?? wallet.updatedAt,
    heardAt: Date.now(),
  };
}

/** Rows stand in the order they came, the newest last. */
export function append(rows: readonly Row[], more: readonly Row[]): readonly Row[] {
  return [...rows, ...more].slice(-MOST_ROWS);
}
