import assert from 'node:assert/strict';
import { change, deposit } from '../lib/api.mjs';
import { eventually, open, scenario } from '../lib/browser.mjs';
import { ADMIN } from '../lib/tokens.mjs';

const ROWS = 10_000;
const A_SECOND = 50;
const SECONDS = 10;
const LONGEST_MS = 200;
/** The machine runs other tests beside this one, which take the processor away now and then. */
const TRIES = 3;

scenario('ten thousand rows stay smooth while fifty changes a second come in', async (context) => {
  const page = await open(context, ADMIN, '/live');
  await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
  const rewards = Array.from({ length: ROWS }, (_, index) => ({
    uid: `u${String(index + 1).padStart(6, '0')}`,
    amount: '0.01',
  }));
  await change('batchReward', 'BatchRewardInput', { rewards }, 'operation { state }');
  await eventually(
    () => page.getByTestId('shown').innerText(),
    (text) => text.startsWith('10,000 '),
    'the rows',
  );

  await page.evaluate(() => {
    new PerformanceObserver((list) =>
      window.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({ entryTypes: ['longtask'] });
  });
  let longest;
  for (let tries = 0; tries < TRIES && !(longest <= LONGEST_MS); tries += 1)
    longest = await longestTask(page);
  assert.ok(longest <= LONGEST_MS, `a task of ${longest} ms, in the best of ${TRIES} times`);
});

/** The longest task while changes come in, and somebody reads. */
async function longestTask(page) {
  await page.evaluate(() => {
    window.longTasks = [];
  });
  const sending = [];
  const started = Date.now();
  while (Date.now() - started < SECONDS * 1_000) {
    const due = Math.floor(((Date.now() - started) / 1_000) * A_SECOND);
    while (sending.length < due)
      sending.push(deposit(`u${String(sending.length + 1).padStart(6, '0')}`, '0.02'));
    // Somebody reads, further down each time.
    await page
      .getByRole('region', { name: 'Changes, newest first' })
      .evaluate((frame) => frame.scrollBy(0, 2_000));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.all(sending);
  const tasks = await page.evaluate(() => window.longTasks);
  const longest = Math.max(0, ...tasks);
  console.log(
    `# ${sending.length} changes; ${tasks.length} tasks over 50 ms, the longest ${Math.round(longest)} ms`,
  );
  assert.ok(sending.length >= A_SECOND * SECONDS * 0.9, `only ${sending.length} changes were made`);
  return longest;
}
