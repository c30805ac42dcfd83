import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { button, open, scenario } from '../lib/browser.mjs';
import { ADMIN } from '../lib/tokens.mjs';

const MOST_BYTES = 250_000;

scenario('the first page needs little JavaScript, and charts come apart', async (context) => {
  const scripts = new Map();
  const reading = [];
  context.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.endsWith('.js'))
      reading.push(response.body().then((body) => scripts.set(pathname, gzipSync(body).length)));
  });
  const size = async () => {
    await Promise.all(reading);
    return [...scripts.values()].reduce((sum, bytes) => sum + bytes, 0);
  };
  const page = await context.newPage();
  await page.goto('/');
  await button(page, 'Sign in').waitFor();
  assert.ok(![...scripts.keys()].some((path) => path.includes('Chart')), 'signing in needs no charts');
  assert.ok((await size()) < MOST_BYTES, `${await size()} bytes to sign in`);
  const first = await open(context, ADMIN);
  await first.getByRole('img', { name: /Money by the minute/ }).waitFor();
  const charts = [...scripts].find(([path]) => path.includes('TimeChart'));
  assert.ok(charts, 'charts are a file of their own');
  const needed = (await size()) - charts[1];
  assert.ok(needed < MOST_BYTES, `${needed} bytes for the first page`);
  console.log(`# first page: ${needed} bytes of JavaScript, gzipped; charts: ${charts[1]}`);
});
