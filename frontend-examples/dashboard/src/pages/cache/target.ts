import type { CacheTarget, HotDataKind } from '@/gql/graphql';
import type { Problems, Values } from '@/ui/OperationForm';
import { periodProblem } from '../orders/periods';

export const KINDS = { wallets: 'Wallets', period: 'A period', order: 'An order', hot: 'Hot data' } as const;
export type Kind = keyof typeof KINDS;

const MOST_WALLETS = 100;

export function targetOf(kind: Kind, { what = '' }: Values): CacheTarget {
  switch (kind) {
    case 'wallets':
      return { walletUids: uidsOf(what) };
    case 'period':
      return { periodNumber: what };
    case 'order':
      return { orderNo: what };
    case 'hot':
      return { hotData: what as HotDataKind };
  }
}

export function targetProblems(kind: Kind, { what = '' }: Values): Problems {
  if (kind === 'period') return { what: periodProblem(what) };
  if (kind === 'order') return { what: what ? undefined : 'Enter an order’s number.' };
  if (kind === 'hot') return {};
  const uids = uidsOf(what);
  if (uids.length === 0) return { what: 'Enter a uid, or several.' };
  return { what: uids.length > MOST_WALLETS ? `At most ${MOST_WALLETS} at once.` : undefined };
}

function uidsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
