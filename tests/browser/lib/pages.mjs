/** Every page, as an admin sees it, and what tells that it is there. */
export const PAGES = [
  ['live', '/live', (page) => page.getByRole('img', { name: /Money by the minute/ })],
  ['wallets', '/wallets', (page) => page.getByRole('link', { name: 'u000001' })],
  ['wallet', '/wallets/u000001', (page) => page.getByRole('region', { name: 'Lines of the ledger' })],
  [
    'orders',
    '/orders?period=20241201_001',
    (page) => page.getByRole('region', { name: 'Orders of the period' }),
  ],
  [
    'order',
    '/orders?period=20241201_001&order=ORDER_20241201_001_0001',
    (page) => page.getByRole('dialog').getByText('Favourites'),
  ],
  ['locks', '/locks?uid=u000001,u000002', (page) => page.getByRole('link', { name: 'u000002' })],
  ['hot-data', '/hot-data', (page) => page.getByRole('region', { name: 'Records' })],
  ['cache', '/cache', (page) => page.getByRole('img', { name: /by keyspace/ })],
];
