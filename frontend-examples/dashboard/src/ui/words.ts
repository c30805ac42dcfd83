import type { OrderStatus, TransactionType, WalletStatus } from '@/gql/graphql';
import type { Tone } from './Badge';

/** `TRANSFER_IN` as `Transfer in`. */
export function words(name: string): string {
  const text = name.toLowerCase().replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const WALLET_TONE: Record<WalletStatus, Tone> = { ACTIVE: 'good', FROZEN: 'info', CLOSED: 'bad' };

export const ORDER_STATUSES: readonly OrderStatus[] = [
  'PENDING',
  'PAID',
  'COMPLETED',
  'CANCELLED',
  'EXPIRED',
];
export const ORDER_TONE: Record<OrderStatus, Tone | undefined> = {
  PENDING: 'warn',
  PAID: 'accent',
  COMPLETED: 'good',
  CANCELLED: 'bad',
  EXPIRED: undefined,
};

export const TRANSACTION_TYPES: readonly TransactionType[] = [
  'RECHARGE',
  'WITHDRAW',
  'TRANSFER_IN',
  'TRANSFER_OUT',
  'ORDER',
  'REFUND',
  'REWARD',
  'ADJUSTMENT',
];
