import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BASE, deposit, wallet } from '../lib/api.mjs';
import { button, eventually, scenario } from '../lib/browser.mjs';
import { token, USER } from '../lib/tokens.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
// What the page tells to install stands there already.
const dashboard = createRequire(join(root, 'frontend-examples/dashboard/package.json'));

/** The files that the page tells to write. */
async function files() {
  const text = await readFile(join(root, 'docs/first-live-page.md'), 'utf8');
  const blocks = (language) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code);
  const script = blocks('js')
    .join('\n')
    .replace("'127.0.0.1:8080'", `'${new URL(BASE).host}'`)
    .replace("'eyJ…'", `'${token(...USER)}'`);
  assert.ok(!script.includes('8080') && !script.includes('…'), 'the page names service and token otherwise');
  return { page: blocks('html')[0], script };
}

scenario(
  'the page of the docs shows a live balance',
  async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'first-live-page-'));
    const { createServer } = await import(
      pathToFileURL(join(dirname(dashboard.resolve('vite/package.json')), 'dist/node/index.js')).href
    );
    const { page: html, script } = await files();
    await writeFile(join(folder, 'index.html'), html);
    await writeFile(join(folder, 'main.js'), script);
    const vite = await createServer({
      root: folder,
      configFile: false,
      logLevel: 'error',
      optimizeDeps: { noDiscovery: true },
      cacheDir: join(folder, '.vite'),
      resolve: { alias: { 'graphql-ws': join(dirname(dashboard.resolve('graphql-ws')), 'client.js') } },
      server: {
        host: 'localhost',
        port: Number(process.env.PAGE_PORT),
        strictPort: true,
        fs: { strict: false },
      },
    });
    await vite.listen();
    const page = await context.newPage();
    try {
      await page.goto(`http://localhost:${process.env.PAGE_PORT}`);
      const shown = page.locator('#balance');
      const holds = async () => `${(await wallet('u000001')).balance} PHP`;
      await eventually(() => shown.innerText(), await holds(), 'the balance');
      await deposit('u000001', '3.21');
      await eventually(() => page.locator('#change').innerText(), 'RECHARGE 3.21', 'the change');
      await eventually(() => shown.innerText(), await holds(), 'the balance');
      await button(page, 'Pay u000002 one peso').click();
      await eventually(() => page.locator('#change').innerText(), 'TRANSFER_OUT -1.00', 'the change');
    } finally {
      await page.close();
      await vite.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
  { alsoHost: () => `localhost:${process.env.PAGE_PORT}` },
);
