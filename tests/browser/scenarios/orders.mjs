import assert from 'node:assert/strict';
import { change, wallet } from '../lib/api.mjs';
import { button, eventually, open, scenario, sees } from '../lib/browser.mjs';
import { OPERATOR, USER } from '../lib/tokens.mjs';

const dialog = (page) => page.getByRole('dialog');
const stat = (page, name) =>
  page
    .locator('.stat')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd');
const make = (uid, periodNumber, amount) =>
  change('createOrder', 'CreateOrderInput', { uid, periodNumber, amount }, 'order { orderNo }');

scenario('a period is picked, and what it comes to is told', async (context) => {
  const page = await open(context, OPERATOR, '/orders');
  await page.getByRole('textbox', { name: 'Period' }).fill('20241201_002');
  await button(page, 'Show').click();
  await eventually(
    () => new URL(page.url()).search,
    (search) => search.includes('20241201_002'),
    'the address',
  );
  await page.getByRole('region', { name: 'Orders of the period' }).locator('tbody tr').first().waitFor();
  await eventually(
    () => stat(page, 'Orders').innerText(),
    (text) => Number(text) > 0,
    'how many orders',
  );
  await button(page, 'The period before').click();
  await eventually(
    () => new URL(page.url()).search,
    (search) => search.includes('20241201_001'),
    'the address',
  );
  await page.getByRole('textbox', { name: 'Period' }).fill('yesterday');
  await button(page, 'Show').click();
  await sees(page, 'A period is a day and a number');
});

scenario('an order is made, confirmed, and cancelled with its refund', async (context) => {
  const page = await open(context, OPERATOR, '/orders?period=20260101_001');
  await sees(page, 'Nobody has ordered in this period yet');
  const before = await wallet('u000031');
  await button(page, 'New order').click();
  await button(dialog(page), 'Make the order').click();
  await sees(page, 'Enter a uid');
  await sees(page, 'Enter an amount');
  await dialog(page).getByLabel('Wallet (uid)').fill('u000031');
  await dialog(page).getByLabel('Amount').fill('99999999');
  await button(dialog(page), 'Make the order').click();
  await sees(dialog(page), 'is asked for');
  await dialog(page).getByLabel('Amount').fill('20');
  await button(dialog(page), 'Make the order').click();
  await sees(page, '20.00 was taken from u000031');
  await eventually(() => stat(page, 'Ordered for').innerText(), '20.00', 'what was ordered');
  const cell = page.getByRole('region', { name: 'Orders of the period' }).locator('tbody td').first();
  // As wide as the window, and as narrow as the table may become.
  for (const width of [1280, 900]) {
    await page.setViewportSize({ width, height: 860 });
    const room = await cell.evaluate(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]);
    assert.ok(room[0] <= room[1], `at ${width} the number takes ${room[0]} of ${room[1]} pixels`);
  }
  await page.setViewportSize({ width: 1280, height: 860 });

  await page.getByRole('region', { name: 'Orders of the period' }).getByRole('button').first().click();
  await button(dialog(page), 'Confirm').click();
  await sees(dialog(page), 'Paid', { exact: true });
  await button(dialog(page), 'Cancel the order').click();
  await button(dialog(page), 'Yes, give the money back').click();
  await sees(dialog(page), 'Cancelled', { exact: true });
  assert.equal((await wallet('u000031')).balance, before.balance, 'the money is back');
  await page.keyboard.press('Escape');
  await eventually(() => stat(page, 'Given back').innerText(), '20.00', 'what was given back');
  await eventually(() => stat(page, 'Orders').innerText(), '1', 'how many orders');
  await sees(page, '“Orders” counts 1 that were cancelled or expired');
});

scenario('an order that was made is brought into sight', async (context) => {
  const page = await open(context, OPERATOR, '/orders?period=20241201_003&status=COMPLETED');
  const region = page.getByRole('region', { name: 'Orders of the period' });
  await region.locator('tbody tr').first().waitFor();
  await button(page, 'New order').click();
  await dialog(page).getByLabel('Wallet (uid)').fill('u000033');
  await dialog(page).getByLabel('Amount').fill('4');
  await button(dialog(page), 'Make the order').click();
  await sees(page, '4.00 was taken from u000033');
  const row = region.locator('tr', { hasText: 'u000033' }).filter({ hasText: 'Pending' });
  const seen = () =>
    row.evaluateAll((rows, frame) => {
      const { top, bottom } = document.querySelector(frame).getBoundingClientRect();
      const inside = (one) => one.top >= top && one.bottom <= Math.min(bottom, window.innerHeight);
      return rows.some((one) => inside(one.getBoundingClientRect()));
    }, '[aria-label="Orders of the period"]');
  await eventually(seen, true, 'whether it is seen');
});

scenario('orders of others show up in an open page', async (context) => {
  const page = await open(context, OPERATOR, '/orders?period=20260102_001');
  await sees(page, 'Nobody has ordered in this period yet');
  const { order } = await make('u000032', '20260102_001', '3');
  await sees(page, order.orderNo);
  await change(
    'updateOrderStatus',
    'UpdateOrderStatusInput',
    { orderNo: order.orderNo, status: 'PAID' },
    'order { version }',
  );
  await sees(page.getByRole('region', { name: 'Orders of the period' }), 'Paid', { exact: true });
});

scenario('orders are filtered by status, and shared by address', async (context) => {
  const page = await open(context, OPERATOR, '/orders?period=20241201_001&status=COMPLETED');
  const table = page.getByRole('region', { name: 'Orders of the period' });
  await table.locator('tbody tr').first().waitFor();
  assert.equal([...new Set(await table.locator('.badge').allInnerTexts())].join(), 'Completed');
  await page.goto('/orders?order=ORDER_20241201_001_0001');
  await sees(dialog(page), 'Favourites');
  await page.goto('/orders?order=ORDER_OF_NOBODY');
  await sees(page, 'There is no such order');
});

scenario('a user orders for themselves, and cancels', async (context) => {
  const page = await open(context, USER, '/orders?period=20260103_001');
  await sees(page, 'Nobody has ordered in this period yet');
  await button(page, 'New order').click();
  await dialog(page).getByLabel('Amount').fill('1');
  await button(dialog(page), 'Make the order').click();
  await sees(page, '1.00 was taken from u000001');
  await page.getByRole('region', { name: 'Orders of the period' }).getByRole('button').first().click();
  await button(dialog(page), 'Cancel the order').waitFor();
  assert.equal(await button(dialog(page), 'Confirm').count(), 0);
});
