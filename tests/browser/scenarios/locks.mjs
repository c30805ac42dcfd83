import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { control } from '../lib/control.mjs';
import { ADMIN, OPERATOR } from '../lib/tokens.mjs';

const table = (page) => page.getByRole('region', { name: 'Watched wallets' }).getByRole('region');
const dialog = (page) => page.getByRole('dialog');

scenario('a held lock is found, and released with a reason', async (context) => {
  await control('lock u000061 somebody-who-died');
  const page = await open(context, ADMIN, '/locks');
  await sees(page, 'Wait, p99');
  await button(page, 'Find held locks').click();
  await sees(page, '1 lock is held');
  await sees(table(page), 'somebody-who-died');
  await button(page, 'Release…').click();
  await button(dialog(page), 'Release the lock').click();
  await sees(page, 'Enter a reason');
  await dialog(page).getByLabel('Reason').fill('its holder died');
  await button(dialog(page), 'Release the lock').click();
  await sees(page, 'The lock of u000061 is released');
  await sees(table(page), 'Free');
});

scenario('a lock that somebody else took meanwhile is not broken', async (context) => {
  await control('lock u000062 the-first');
  const page = await open(context, ADMIN, '/locks?uid=u000062');
  await button(page, 'Release…').click();
  await control('lock u000062 the-second');
  await dialog(page).getByLabel('Reason').fill('in haste');
  await button(dialog(page), 'Release the lock').click();
  await dialog(page).getByRole('alert').waitFor();
});

scenario('wallets are watched by uid', async (context) => {
  const page = await open(context, OPERATOR, '/locks');
  await page.getByLabel('Wallet (uid)').fill('');
  await button(page, 'Watch', { exact: true }).click();
  await sees(page, 'Enter a uid');
  for (const uid of ['u000063', 'nobody-at-all']) {
    await page.getByLabel('Wallet (uid)').fill(uid);
    await button(page, 'Watch', { exact: true }).click();
    await table(page).getByRole('link', { name: uid }).waitFor();
  }
  await sees(table(page), 'No such wallet');
  await button(page, 'Stop watching nobody-at-all').click();
  await eventually(() => table(page).locator('tbody tr').count(), 1, 'rows');
});
