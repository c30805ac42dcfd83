// The dashboard in a browser, against a real server. `tests/api/browser.rs` starts this with
//
//   BASE      http://host:port of the service, on a seeded PostgreSQL and a Redis
//   SECRET    what signs tokens there
//   CONTROL   host:port that stops and starts the service and its Redis
//   PAGE_PORT a free port, pages of which the service lets in
//
// ONLY=wallet runs one file of scenarios; SHOTS=folder keeps a picture of every page.
import { after } from 'node:test';
import { closeBrowser } from './lib/browser.mjs';

const ALL = [
  'signIn',
  'wallet',
  'ledger',
  'orders',
  'live',
  'cache',
  'locks',
  'hotData',
  'connection',
  'accessible',
  'light',
  'docs',
  'smooth',
];

/** All of it together; one scenario has two minutes. */
const PATIENCE_MS = 10 * 60_000;

const late = setTimeout(() => {
  console.error('the browser tests did not end');
  process.exit(1);
}, PATIENCE_MS);
after(async () => {
  clearTimeout(late);
  await closeBrowser();
});
for (const name of ALL.filter((one) => !process.env.ONLY || process.env.ONLY.split(',').includes(one))) {
  await import(`./scenarios/${name}.mjs`);
}
