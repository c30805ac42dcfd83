import type { HotDataKind } from '@/gql/graphql';

export const PLURAL: Record<HotDataKind, string> = {
  MERCHANT: 'Merchants',
  TENANT: 'Tenants',
  CHANNEL: 'Channels',
  PLUGIN: 'Plugins',
  PLUGIN_CONFIG: 'Plugin configs',
  PLUGIN_PAY_TYPE: 'Payment methods',
};
