import assert from 'node:assert/strict';
import { change, deposit, wallet } from '../lib/api.mjs';
import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { OPERATOR, USER } from '../lib/tokens.mjs';

const shown = (page) => page.getByTestId('balance').innerText();
const grouped = (amount) => amount.replace(/\B(?=(\d{3})+\.)/g, ',');
const dialog = (page) => page.getByRole('dialog');

async function act(page, action, values, submit = action) {
  await button(page.getByRole('region', { name: 'Balance' }), action, { exact: true }).click();
  for (const [label, value] of Object.entries(values)) await dialog(page).getByLabel(label).fill(value);
  await button(dialog(page), submit, { exact: true }).click();
}

scenario('a balance arrives in an open page, and in a second tab', async (context) => {
  const first = await open(context, OPERATOR, '/wallets/u000011');
  const second = await open(context, OPERATOR, '/wallets/u000011');
  for (const page of [first, second]) await page.getByTestId('balance').waitFor();
  const { wallet: now } = await deposit('u000011', '12.34');
  for (const page of [first, second]) {
    await eventually(() => shown(page), `${grouped(now.balance)} PHP`, 'the balance');
    await eventually(() => page.getByTestId('version').innerText(), String(now.version), 'the version');
    await sees(page, '+12.34');
  }
});

scenario('money is paid in, out and over', async (context) => {
  const page = await open(context, OPERATOR, '/wallets/u000012');
  const before = await wallet('u000012');
  await act(page, 'Deposit', { Amount: '0.1', 'Description (optional)': 'by hand' });
  await sees(page, '0.10 PHP deposited');
  await act(page, 'Deposit', { Amount: '0.2' });
  await sees(page, '0.20 PHP deposited');
  await act(page, 'Withdraw', { Amount: '0.3' });
  await sees(page, '0.30 PHP withdrawn');
  assert.equal((await wallet('u000012')).balance, before.balance, '0.1 and 0.2 are 0.3');
  await act(page, 'Transfer', { 'To (uid)': 'u000013', Amount: '5' });
  await sees(page, '5.00 PHP sent to u000013');
  assert.equal(await page.locator('.toast').count(), 1, 'only the last is told of');
  await sees(page, 'by hand');
});

scenario('a double click pays once', async (context) => {
  const page = await open(context, OPERATOR, '/wallets/u000014');
  const before = await wallet('u000014');
  await button(page, 'Deposit', { exact: true }).click();
  await dialog(page).getByLabel('Amount').fill('1');
  await button(dialog(page), 'Deposit', { exact: true }).dblclick();
  await sees(page, '1.00 PHP deposited');
  await dialog(page).waitFor({ state: 'hidden' });
  assert.equal((await wallet('u000014')).version, before.version + 1, 'one line');
});

scenario('an answer that is lost is asked for again, and paid once', async (context) => {
  const page = await open(context, OPERATOR, '/wallets/u000015');
  const before = await wallet('u000015');
  let lost = 0;
  await page.route('**/graphql', async (route) => {
    if (lost > 0 || !route.request().postData()?.includes('mutation Deposit')) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await act(page, 'Deposit', { Amount: '2' });
  await sees(page, 'it is done once, however often you ask');
  await button(dialog(page), 'Try again').click();
  await sees(page, 'It had been done before');
  assert.equal(lost, 1);
  assert.equal((await wallet('u000015')).version, before.version + 1, 'one line');
});

scenario('what is wrong stands at its field', async (context) => {
  const page = await open(context, OPERATOR, '/wallets/u000016');
  for (const action of ['Deposit', 'Withdraw', 'Transfer']) {
    await button(page.getByRole('region', { name: 'Balance' }), action, { exact: true }).click();
    for (const [typed, said] of [
      ['', 'Enter an amount'],
      ['ten', 'Write an amount such as'],
      ['1.23456', 'At most four decimal places'],
      ['-1', 'more than zero'],
      ['1,000', 'without separators'],
    ]) {
      await dialog(page).getByLabel('Amount').fill(typed);
      await button(dialog(page), action, { exact: true }).click();
      await sees(page, said);
    }
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
  }
});

scenario('what the service refuses stands at its field too', async (context) => {
  const page = await open(context, OPERATOR, '/wallets/u000016');
  await act(page, 'Withdraw', { Amount: '99999999' });
  await eventually(
    () => dialog(page).getByLabel('Amount').getAttribute('aria-invalid'),
    'true',
    'aria-invalid',
  );
  await sees(dialog(page), 'is asked for');
  await page.keyboard.press('Escape');
  await act(page, 'Transfer', { 'To (uid)': 'nobody-at-all', Amount: '1' });
  await eventually(
    () => dialog(page).getByLabel('To (uid)').getAttribute('aria-invalid'),
    'true',
    'aria-invalid',
  );
  await button(dialog(page), 'Cancel').click();
  await act(page, 'Transfer', { 'To (uid)': 'u000016', Amount: '1' });
  await sees(page, 'That is the wallet that pays');
});

scenario('a wallet is frozen with a reason, and reopened', async (context) => {
  const page = await open(context, OPERATOR, '/wallets/u000017');
  await button(page, 'Freeze', { exact: true }).click();
  await button(dialog(page), 'Freeze the wallet').click();
  await sees(page, 'Enter a reason');
  await dialog(page).getByLabel('Reason').fill('a card was lost');
  await button(dialog(page), 'Freeze the wallet').click();
  await sees(page, 'u000017 is frozen now');
  await sees(page, 'a card was lost');
  assert.equal(await button(page, 'Withdraw', { exact: true }).isDisabled(), true);
  await act(page, 'Reopen', { Reason: 'it was found' }, 'Reopen the wallet');
  await sees(page, 'u000017 is active now');
});

scenario('a wallet that is not there is opened', async (context) => {
  const page = await open(context, OPERATOR, '/wallets');
  await page.getByLabel('Uid begins with').fill('new-comer');
  await page.getByRole('link', { name: 'Open a wallet for new-comer' }).click();
  await page.getByLabel('Currency').fill('peso');
  await button(page, 'Open the wallet').click();
  await sees(page, 'Three capital letters');
  await page.getByLabel('Currency').fill('PHP');
  await button(page, 'Open the wallet').click();
  await eventually(() => shown(page), '0.00 PHP', 'the balance');
});

scenario('a user moves their own money, and makes none', async (context) => {
  await change('deposit', 'DepositInput', { uid: 'u000001', amount: '10' });
  const page = await open(context, USER);
  await page.getByTestId('balance').waitFor();
  assert.equal(await button(page, 'Deposit', { exact: true }).count(), 0);
  assert.equal(await button(page, 'Freeze', { exact: true }).count(), 0);
  await act(page, 'Transfer', { 'To (uid)': 'u000002', Amount: '1.5' });
  await sees(page, '1.50 PHP sent to u000002');
});
