import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { deposit } from '../lib/api.mjs';
import { button, open, scenario } from '../lib/browser.mjs';
import { PAGES } from '../lib/pages.mjs';
import { ADMIN } from '../lib/tokens.mjs';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'];

async function check(page, what) {
  // Colours that are still on their way would be measured half way.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished.catch(() => {})),
    ),
  );
  await page.addScriptTag({ path: AXE });
  const violations = await page.evaluate(async (tags) => {
    const { violations: found } = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return found.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)}\n    ${failureSummary}`).join('\n  ')}`,
    );
  }, RULES);
  assert.deepEqual(violations, [], what);
}

for (const colorScheme of ['light', 'dark']) {
  scenario(
    `every page can be used by everybody, ${colorScheme}`,
    async (context) => {
      const signIn = await context.newPage();
      await signIn.goto('/');
      await button(signIn, 'Sign in').click();
      await check(signIn, 'sign-in with a problem');
      const page = await open(context, ADMIN, '/live');
      for (const [name, path, ready] of PAGES) {
        await page.goto(path);
        await ready(page).first().waitFor();
        if (name === 'live') {
          await page.getByRole('banner').getByText('Live', { exact: true }).waitFor();
          await deposit('u000081', '1');
          await page.getByRole('region', { name: 'Changes, newest first' }).waitFor();
        }
        await check(page, name);
        await shoot(page, `${name}-1280-${colorScheme}`);
      }
      await page.goto('/wallets/u000001');
      for (const action of ['Deposit', 'Transfer', 'Freeze']) {
        await button(page, action, { exact: true }).click();
        await page.getByRole('dialog').locator('button[type=submit]').click();
        await check(page, `${action} with a problem`);
        await page.keyboard.press('Escape');
      }
      await page.goto('/nowhere');
      await page.getByText('There is no such page').waitFor();
      await check(page, 'nowhere');
      // The page's own policy would not let axe in.
    },
    { colorScheme, bypassCSP: true },
  );

  scenario(
    `every page fits a narrow screen, ${colorScheme}`,
    async (context) => {
      const page = await open(context, ADMIN, '/live');
      for (const [name, path, ready] of PAGES) {
        await page.goto(path);
        await ready(page).first().waitFor();
        const [wide, screen] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.documentElement.clientWidth,
        ]);
        assert.ok(wide <= screen, `${name} is ${wide} wide on a screen of ${screen}`);
        await shoot(page, `${name}-400-${colorScheme}`);
      }
      await button(page, 'Menu').click();
      await page.getByRole('link', { name: 'Orders' }).click();
      await page.getByRole('heading', { name: 'Orders', exact: true }).waitFor();
      assert.equal(await page.getByRole('link', { name: 'Cache' }).isVisible(), false, 'the menu closes');
    },
    { colorScheme, viewport: { width: 400, height: 860 } },
  );
}

scenario('everything can be done by keyboard', async (context) => {
  const page = await open(context, ADMIN, '/wallets/u000082');
  await page.getByTestId('balance').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the page');
  await page.keyboard.press('Enter');
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement.textContent)) === 'Deposit') break;
  }
  await page.keyboard.press('Enter');
  await page.keyboard.type('7.5');
  await page.keyboard.press('Enter');
  await page.getByText('7.50 PHP deposited').waitFor();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.equal(
    await page.evaluate(() => document.activeElement.textContent),
    'Deposit',
    'the focus is given back',
  );
});

async function shoot(page, name) {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}
