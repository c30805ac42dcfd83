import assert from 'node:assert/strict';
import { change, deposit } from '../lib/api.mjs';
import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { OPERATOR } from '../lib/tokens.mjs';

const table = (page) => page.getByRole('region', { name: 'Changes, newest first' });
const isLive = (page) => page.getByRole('banner').getByText('Live', { exact: true }).waitFor();

scenario('changes come in as they are made', async (context) => {
  const page = await open(context, OPERATOR, '/live');
  await isLive(page);
  // The page is live as soon as its socket is; the feed is asked for a moment later, and tells of
  // nothing before.
  const told = async () => {
    await deposit('u000041', '41.41', 'a live one');
    return table(page).getByText('+41.41').first().isVisible();
  };
  await eventually(told, true, 'a change in the feed');
  await sees(table(page), 'a live one');
  await page.getByRole('img', { name: /Money by the minute.* in, .* out, in [1-9]/ }).waitFor();
  await table(page).getByRole('link', { name: 'u000041' }).first().click();
  await page.getByTestId('balance').waitFor();
});

scenario('the feed is filtered by wallet and by amount', async (context) => {
  const page = await open(context, OPERATOR, '/live');
  await isLive(page);
  await page.getByLabel('At least').fill('much');
  await sees(page, 'Write an amount such as');
  await page.getByLabel('At least').fill('100');
  await page.getByLabel('Wallet', { exact: true }).fill('42');
  await eventually(
    () => new URL(page.url()).search,
    (search) => search.includes('min') && search.includes('uid'),
    'the address',
  );
  await isLive(page);
  await deposit('u000042', '99.99');
  await deposit('u000043', '143.43');
  await deposit('u000042', '142.42');
  await sees(table(page), '+142.42');
  await eventually(() => table(page).locator('tbody tr').count(), 1, 'rows');
});

scenario('a paused feed keeps what comes', async (context) => {
  const page = await open(context, OPERATOR, '/live');
  await isLive(page);
  await deposit('u000044', '1.01');
  await sees(table(page), '+1.01');
  await button(page, 'Pause').click();
  await sees(page, 'Paused. Changes are kept.');
  await deposit('u000044', '2.02');
  await deposit('u000044', '3.03');
  await button(page, /Go on \(\d+ new\)/).click();
  for (const amount of ['+2.02', '+3.03']) await sees(table(page), amount);
  await button(page, 'Clear').click();
  await sees(page, 'Waiting for the first change');
});

scenario('who has scrolled down keeps what they look at', async (context) => {
  const page = await open(context, OPERATOR, '/live');
  await isLive(page);
  const operations = Array.from({ length: 60 }, (_, index) => ({
    uid: 'u000045',
    kind: 'ADD',
    amount: '1.00',
    description: `row ${index}`,
  }));
  await change('batchBalanceOperation', 'BatchBalanceOperationInput', { operations }, 'wallets { uid }');
  await sees(table(page), 'row 59');
  await table(page).evaluate((frame) => frame.scrollTo(0, 400));
  const row = table(page).getByText('row 45', { exact: true });
  await row.waitFor();
  const { y: before } = await row.boundingBox();
  await deposit('u000046', '4.64');
  await eventually(
    () => page.getByTestId('shown').innerText(),
    (text) => text.startsWith('61 '),
    'the rows',
  );
  const { y: after } = await row.boundingBox();
  assert.ok(Math.abs(after - before) < 2, `the row went from ${before} to ${after}`);
});
