import assert from 'node:assert/strict';
import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { ADMIN, token, USER } from '../lib/tokens.mjs';

scenario('a token that is none is refused at its field', async (context) => {
  const page = await context.newPage();
  await page.goto('/');
  const field = page.getByLabel('Access token');
  for (const [typed, said] of [
    ['', 'Paste a token'],
    ['not a token', 'This is no token'],
    ['eyJ.eyJ.x', 'does not take this token'],
    [token('ADMIN', 'a', -60), 'does not take this token'],
  ]) {
    await field.fill(typed);
    await button(page, 'Sign in').click();
    await sees(page, said);
    await eventually(() => field.getAttribute('aria-invalid'), 'true', 'aria-invalid');
  }
});

scenario('an admin begins with live balances, a user with their wallet', async (context) => {
  const page = await context.newPage();
  await page.goto('/');
  await page.getByLabel('Access token').fill(`Bearer ${token(...ADMIN)}`);
  await button(page, 'Sign in').click();
  await page.waitForURL('**/live');
  await page.getByRole('link', { name: 'Cache' }).click();
  await page.waitForURL('**/cache');
  await button(page, 'Sign out').click();
  await page.getByLabel('Access token').fill(token(...USER));
  await button(page, 'Sign in').click();
  // Where somebody else left off is not theirs to see.
  await page.waitForURL('**/wallets/u000001');
  await page.getByTestId('balance').waitFor();
  const links = page.getByRole('navigation').getByRole('link');
  await eventually(
    async () => (await links.allInnerTexts()).join(),
    'My wallet,Orders',
    'the pages of a user',
  );
});

scenario('a second tab is signed in too, and out with the first', async (context) => {
  const first = await open(context, ADMIN, '/wallets');
  await first.getByRole('heading', { name: 'Wallets', exact: true }).waitFor();
  const second = await context.newPage();
  await second.goto('/orders');
  await second.getByRole('heading', { name: 'Orders', exact: true }).waitFor();
  await button(first, 'Sign out').click();
  await second.getByLabel('Access token').waitFor();
});

scenario(
  'a token that ends asks for another, and goes on where it was',
  async (context) => {
    const page = await context.newPage();
    await page.goto('/wallets/u000007');
    await page.getByLabel('Access token').fill(token('ADMIN', 'short', 4));
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'u000007' }).waitFor();
    await sees(page, 'Your token has ended');
    await page.getByLabel('Access token').fill(token(...ADMIN));
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'u000007' }).waitFor();
  },
  { offline: true },
);

scenario('a page that is not one’s own says so', async (context) => {
  const page = await open(context, USER, '/wallets');
  for (const [path, title] of [
    ['/wallets', 'Wallets'],
    ['/live', 'Live balances'],
    ['/locks', 'Locks'],
    ['/hot-data', 'Hot data'],
    ['/cache', 'Cache'],
  ]) {
    await page.goto(path);
    await sees(page, 'Your role does not show you this');
    assert.deepEqual(
      (await page.getByRole('main').innerText()).split(/\s*\n\s*/),
      [title, 'Your role does not show you this.'],
      `${path} says more than that it is not shown`,
    );
  }
  await page.goto('/nowhere');
  await sees(page, 'There is no such page');
});
