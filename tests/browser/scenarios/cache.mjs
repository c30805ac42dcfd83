import assert from 'node:assert/strict';
import { ask } from '../lib/api.mjs';
import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { control } from '../lib/control.mjs';
import { ADMIN } from '../lib/tokens.mjs';

const HOT = ['MERCHANT', 'TENANT', 'CHANNEL', 'PLUGIN', 'PLUGIN_CONFIG', 'PLUGIN_PAY_TYPE'];
const entries = (page) => page.getByRole('region', { name: 'Entries' });

async function lookUp(page, kind, what) {
  await page.getByRole('radio', { name: kind }).check({ force: true });
  if (what) await page.getByRole('textbox').fill(what);
  await button(page, 'Look up').click();
}

scenario('how the cache does is told, over time too', async (context) => {
  await ask('{ wallet(uid: "u000051") { balance } }');
  const page = await open(context, ADMIN, '/cache');
  await sees(page, 'Hit ratio');
  await page.getByRole('region', { name: 'Keyspaces' }).locator('tbody tr').first().waitFor();
  await page.getByRole('img', { name: /Hit ratio by keyspace, over the last [2-9]/ }).waitFor();
  await page.getByRole('radio', { name: 'Latency p99' }).check({ force: true });
  await page.getByRole('img', { name: /Latency p99 by keyspace/ }).waitFor();
});

scenario('each time stands at the axis once, from the first seconds on', async (context) => {
  await context.addInitScript(() => {
    const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
    window.times = [];
    window.repeated = [];
    Object.assign(CanvasRenderingContext2D.prototype, {
      clearRect(...area) {
        window.times = [];
        return clearRect.apply(this, area);
      },
      fillText(text, ...place) {
        if (window.times.includes(text)) window.repeated.push(text);
        if (/^\d\d:\d\d/.test(text)) window.times.push(text);
        return fillText.call(this, text, ...place);
      },
    });
  });
  await ask('{ wallet(uid: "u000051") { balance } }');
  const page = await open(context, ADMIN, '/cache');
  await page.getByRole('img', { name: /Hit ratio by keyspace, over the last [4-9]/ }).waitFor();
  await eventually(() => page.evaluate(() => window.times.length > 1), true, 'whether times are drawn');
  assert.deepEqual(await page.evaluate(() => window.repeated), [], 'times stand there twice');
});

scenario('of many keyspaces the busiest are drawn, and it is said so', async (context) => {
  await ask('{ wallet(uid: "u000051") { balance transactions(first: 1) { edges { node { type } } } } }');
  for (const kind of HOT) await ask(`{ hotData(kind: ${kind}, first: 1) { edges { node { id } } } }`);
  const page = await open(context, ADMIN, '/cache');
  await sees(page, /The 8 busiest of \d+ keyspaces in use/);
  assert.equal(await page.locator('.legend li').count(), 8);
});

scenario('what is cached of a wallet is warmed, refreshed and thrown out', async (context) => {
  const page = await open(context, ADMIN, '/cache');
  await lookUp(page, 'Wallets', 'u000052, u000053');
  await entries(page).getByText('wallet_balance_u000052').waitFor();
  await button(page, 'Warm').click();
  await sees(page, /entr(y|ies) warmed/);
  await sees(entries(page), 'Cached', { exact: true });
  await button(page, 'Refresh').click();
  await sees(page, /entr(y|ies) read anew/);
  await button(page, 'Invalidate').click();
  await sees(page, /entr(y|ies) thrown out/);
  await sees(entries(page), /Not cached|Outdated/);
});

scenario('periods, orders and hot data are looked up', async (context) => {
  const page = await open(context, ADMIN, '/cache');
  await lookUp(page, 'A period', '20241201_001');
  await sees(entries(page), 'fataMorgana_20241201_001');
  await lookUp(page, 'An order', 'ORDER_20241201_001_0001');
  await sees(entries(page), /20241201_001/);
  await lookUp(page, 'Hot data');
  await sees(entries(page), 'merchant:1');
});

scenario('a wrong target is refused at its field', async (context) => {
  const page = await open(context, ADMIN, '/cache');
  await lookUp(page, 'Wallets', ' ');
  await sees(page, 'Enter a uid, or several');
  await lookUp(page, 'A period', 'may');
  await sees(page, 'A period is a day and a number');
  await lookUp(page, 'An order', ' ');
  await sees(page, 'Enter an order’s number');
});

scenario('a cache that is away is in plain sight', async (context) => {
  const page = await open(context, ADMIN, '/cache');
  await sees(page, 'Up', { exact: true });
  await control('redis stop');
  try {
    await sees(page, 'The cache is away, or is being repaired');
  } finally {
    await control('redis start');
  }
  await sees(page, 'Up', { exact: true });
});
