import type { Role } from '@/gql/graphql';
import type { IconName } from '@/ui/Icon';
import { atLeast, type Viewer } from './viewer';

interface Entry {
  to: '/live' | '/wallets' | '/wallets/$uid' | '/orders' | '/cache' | '/locks' | '/hot-data';
  label: string;
  icon: IconName;
  /** The service refuses the others anyway; this only spares them the sight of it. */
  least: Role;
  /** Only for this role. */
  only?: Role;
}

const ENTRIES: readonly Entry[] = [
  { to: '/live', label: 'Live balances', icon: 'live', least: 'OPERATOR' },
  { to: '/wallets', label: 'Wallets', icon: 'wallet', least: 'OPERATOR' },
  { to: '/wallets/$uid', label: 'My wallet', icon: 'wallet', least: 'USER', only: 'USER' },
  { to: '/orders', label: 'Orders', icon: 'orders', least: 'USER' },
  { to: '/locks', label: 'Locks', icon: 'locks', least: 'OPERATOR' },
  { to: '/hot-data', label: 'Hot data', icon: 'hot', least: 'OPERATOR' },
  { to: '/cache', label: 'Cache', icon: 'cache', least: 'ADMIN' },
];

/** The page at this address, when it is of a higher role than somebody's. */
export function closedTo(viewer: Viewer, path: string): Entry | undefined {
  return ENTRIES.find(({ to, least }) => to === path && !atLeast(viewer, least));
}

/** The pages that somebody may open, the first of which is theirs to begin with. */
export function pagesOf(viewer: Viewer): Entry[] {
  return ENTRIES.filter(({ least, only }) => atLeast(viewer, least) && (only ?? viewer.role) === viewer.role);
}
