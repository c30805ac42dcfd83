import { open, scenario, sees } from '../lib/browser.mjs';
import { OPERATOR } from '../lib/tokens.mjs';

scenario('the six kinds are shown, with what they refer to and how fresh they are', async (context) => {
  const page = await open(context, OPERATOR, '/hot-data');
  await sees(page.getByRole('region', { name: 'Refresh by kind' }), 'Fresh');
  const records = page.getByRole('region', { name: 'Records' });
  for (const [kind, relation] of [
    ['Merchants', 'Tenant'],
    ['Tenants'],
    ['Channels', 'Plugin'],
    ['Plugins', 'Payment methods'],
    ['Plugin configs'],
    ['Payment methods', 'Pay type'],
  ]) {
    await page.getByRole('radio', { name: kind, exact: true }).check({ force: true });
    await page.getByRole('heading', { name: kind, exact: true }).waitFor();
    await records.locator('tbody tr').first().waitFor();
    if (relation) await records.getByRole('columnheader', { name: relation, exact: true }).waitFor();
  }
});
