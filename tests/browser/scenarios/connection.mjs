import { deposit, wallet } from '../lib/api.mjs';
import { eventually, open, scenario, sees } from '../lib/browser.mjs';
import { control } from '../lib/control.mjs';
import { OPERATOR } from '../lib/tokens.mjs';

scenario(
  'pages go on after the service was restarted, and miss nothing',
  async (context) => {
    const live = await open(context, OPERATOR, '/live');
    const one = await open(context, OPERATOR, '/wallets/u000071');
    await one.getByTestId('balance').waitFor();
    await deposit('u000071', '1.11');
    await sees(live, '+1.11');

    await control('stop');
    await sees(one.getByRole('banner'), 'Connection lost');
    await sees(live, 'Connection lost');
    await control('start');
    // Before the pages are back: what happens now is what they would miss.
    await deposit('u000071', '2.22');
    await deposit('u000071', '3.33');

    for (const amount of ['+1.11', '+2.22', '+3.33']) await sees(live, amount);
    await sees(live, /Resumed at .* where it was lost/);
    const { version } = await wallet('u000071');
    await eventually(() => one.getByTestId('version').innerText(), String(version), 'the version');
    await sees(one.getByRole('banner'), 'Live, resumed once');
  },
  { offline: true },
);
