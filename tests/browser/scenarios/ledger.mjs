import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { ask, change, deposit } from '../lib/api.mjs';
import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { OPERATOR } from '../lib/tokens.mjs';

const rows = (page) => page.getByRole('region', { name: 'Lines of the ledger' }).locator('tbody tr');

async function givenLines(uid, count) {
  const operations = Array.from({ length: count }, (_, index) => ({
    uid,
    kind: index % 2 ? 'WITHDRAW' : 'ADD',
    amount: '1.25',
    description: `line ${index}`,
  }));
  await change('batchBalanceOperation', 'BatchBalanceOperationInput', { operations }, 'wallets { uid }');
}

scenario('filters stand in the address, and survive a reload', async (context) => {
  await givenLines('u000021', 10);
  const page = await open(context, OPERATOR, '/wallets/u000021');
  await rows(page).first().waitFor();
  await page.getByLabel('Withdraw', { exact: true }).check({ force: true });
  await eventually(
    () => new URL(page.url()).search,
    (search) => search.includes('WITHDRAW'),
    'the address',
  );
  await page.reload();
  await eventually(() => page.getByLabel('Withdraw', { exact: true }).isChecked(), true, 'the filter');
  await eventually(
    async () => [...new Set(await rows(page).locator('.badge').allInnerTexts())].join(),
    'Withdraw',
    'the types shown',
  );
  await button(page, 'Clear').click();
  await page.getByLabel('To', { exact: true }).fill('2001-01-01');
  await sees(page, 'Nothing in this ledger fits the filter');
  await page.goto('/wallets/u000021?types=["NONSENSE"]&from=tomorrow');
  await rows(page).first().waitFor();
});

scenario('the ledger is read page by page', async (context) => {
  await givenLines('u000022', 60);
  const page = await open(context, OPERATOR, '/wallets/u000022');
  await sees(page, 'line 59');
  const first = await rows(page).first().innerText();
  await button(page, 'Older').click();
  await sees(page, 'line 34');
  await eventually(
    () => new URL(page.url()).search,
    (search) => search.includes('after='),
    'the address',
  );
  await button(page, 'Newer').click();
  await eventually(() => rows(page).first().innerText(), first, 'the first row');
  await button(page, 'Older').click();
  await sees(page, 'line 34');
  await button(page, 'Newest').click();
  await sees(page, 'line 59');
});

scenario('the whole ledger is exported, exact', async (context) => {
  await givenLines('u000023', 30);
  await deposit('u000023', '1234567.8901', 'with a "quote", and a comma');
  const page = await open(context, OPERATOR, '/wallets/u000023');
  await rows(page).first().waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Export CSV').click()]);
  assert.equal(download.suggestedFilename(), 'u000023-ledger.csv');
  const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
  const { wallet } = await ask('{ wallet(uid: "u000023") { transactions { totalCount } } }');
  assert.equal(lines.length, wallet.transactions.totalCount + 1);
  assert.match(lines[1], /,1234567\.8901,.*"with a ""quote"", and a comma"$/);
});

scenario('the balance over time is a chart, and a table', async (context) => {
  await givenLines('u000024', 5);
  const page = await open(context, OPERATOR, '/wallets/u000024');
  await page
    .getByRole('img', { name: /The balance from .* to / })
    .locator('canvas')
    .waitFor();
  await page.getByText('As a table').click();
  await page
    .getByRole('region', { name: /The balance from / })
    .locator('tbody tr')
    .first()
    .waitFor();
});
