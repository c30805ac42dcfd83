import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router';
import type { HotDataKind, OrderStatus, TransactionType, WalletStatus } from '@/gql/graphql';
import { Empty } from '@/ui/Empty';
import { ORDER_STATUSES, TRANSACTION_TYPES } from '@/ui/words';
import { First } from './First';
import { RouteFault } from './RouteFault';
import { Shell } from './Shell';

// Addresses hold what is looked at, so that they can be sent to somebody else. What does not fit
// is left out rather than refused: an address may be old, or typed.
type Raw = Record<string, unknown>;
const text = (value: unknown) =>
  (typeof value === 'string' || typeof value === 'number') && value !== '' ? String(value) : undefined;
const oneOf = <T extends string>(values: readonly T[], value: unknown) => values.find((one) => one === value);

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: RouteFault });

const first = createRoute({ getParentRoute: () => root, path: '/', component: First });

const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  validateSearch: (raw: Raw): { uid?: string; min?: string } => ({ uid: text(raw.uid), min: text(raw.min) }),
  component: lazyRouteComponent(() => import('@/pages/live/LivePage')),
});

export interface WalletsSearch {
  uid?: string;
  status?: WalletStatus;
  after?: string;
  before?: string;
}
export const STATUSES: readonly WalletStatus[] = ['ACTIVE', 'FROZEN', 'CLOSED'];
const wallets = createRoute({
  getParentRoute: () => root,
  path: '/wallets',
  validateSearch: (raw: Raw): WalletsSearch => ({
    uid: text(raw.uid),
    status: oneOf(STATUSES, raw.status),
    after: text(raw.after),
    before: text(raw.before),
  }),
  component: lazyRouteComponent(() => import('@/pages/wallets/WalletsPage')),
});

export interface LedgerSearch {
  types?: TransactionType[];
  from?: string;
  to?: string;
  after?: string;
  before?: string;
}
const wallet = createRoute({
  getParentRoute: () => root,
  path: '/wallets/$uid',
  validateSearch: (raw: Raw): LedgerSearch => {
    const types = TRANSACTION_TYPES.filter((type) => Array.isArray(raw.types) && raw.types.includes(type));
    const day = (value: unknown) => (/^\d{4}-\d{2}-\d{2}$/.test(text(value) ?? '') ? text(value) : undefined);
    return {
      types: types.length > 0 ? types : undefined,
      from: day(raw.from),
      to: day(raw.to),
      after: text(raw.after),
      before: text(raw.before),
    };
  },
  component: lazyRouteComponent(() => import('@/pages/wallet/WalletPage')),
});

export interface OrdersSearch {
  period?: string;
  status?: OrderStatus;
  order?: string;
}
const orders = createRoute({
  getParentRoute: () => root,
  path: '/orders',
  validateSearch: (raw: Raw): OrdersSearch => ({
    period: text(raw.period),
    status: oneOf(ORDER_STATUSES, raw.status),
    order: text(raw.order),
  }),
  component: lazyRouteComponent(() => import('@/pages/orders/OrdersPage')),
});

const cache = createRoute({
  getParentRoute: () => root,
  path: '/cache',
  component: lazyRouteComponent(() => import('@/pages/cache/CachePage')),
});

const locks = createRoute({
  getParentRoute: () => root,
  path: '/locks',
  validateSearch: (raw: Raw): { uid?: string } => ({ uid: text(raw.uid) }),
  component: lazyRouteComponent(() => import('@/pages/locks/LocksPage')),
});

export const HOT_KINDS: readonly HotDataKind[] = [
  'MERCHANT',
  'TENANT',
  'CHANNEL',
  'PLUGIN',
  'PLUGIN_CONFIG',
  'PLUGIN_PAY_TYPE',
];
const hotData = createRoute({
  getParentRoute: () => root,
  path: '/hot-data',
  validateSearch: (raw: Raw): { kind?: HotDataKind } => ({ kind: oneOf(HOT_KINDS, raw.kind) }),
  component: lazyRouteComponent(() => import('@/pages/hot-data/HotDataPage')),
});

const routeTree = root.addChildren([first, live, wallets, wallet, orders, cache, locks, hotData]);

export function createPages() {
  return createRouter({ routeTree, defaultPreload: 'intent', scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createPages>;
  }
}

function NotFound() {
  return (
    <div className="page">
      <Empty title="There is no such page">
        It may have moved. <Link to="/">Go to the first one.</Link>
      </Empty>
    </div>
  );
}
