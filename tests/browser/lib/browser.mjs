import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { BASE } from './api.mjs';
import { token } from './tokens.mjs';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
// Without these Chromium asks its makers this and that at every start.
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** How long anything on a page may take. */
export const PATIENCE_MS = 15_000;

let launched;

async function browser() {
  const executablePath = PROGRAMS.find((path) => existsSync(path));
  assert.ok(executablePath, `no browser: none of ${PROGRAMS.join(', ')}; run scripts/deps.sh test`);
  launched ??= chromium.launch({ executablePath, args: QUIET });
  return launched;
}

export async function closeBrowser() {
  await (await launched)?.close();
}

/** A test with a browser profile of its own. It fails for a page that breaks, that violates its
    policy, or that asks another machine for anything. `offline` are those that stop the service,
    whose pages complain of that; `alsoHost` is another of this machine that may be asked. */
export function scenario(name, run, { offline = false, alsoHost, ...options } = {}) {
  test(name, { timeout: 120_000 }, async () => {
    const context = await (
      await browser()
    ).newContext({ viewport: { width: 1280, height: 860 }, baseURL: BASE, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    const wrong = [];
    const outside = [];
    context.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && ![new URL(BASE).host, alsoHost?.()].includes(host))
        outside.push(request.url());
    });
    context.on('weberror', (error) => wrong.push(String(error.error())));
    context.on('console', (message) => {
      const expected = offline || message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !expected) wrong.push(message.text());
      if (/content security policy/i.test(message.text())) wrong.push(message.text());
    });
    try {
      await run(context);
    } catch (error) {
      await shoot(context, name);
      throw error;
    } finally {
      await context.close();
    }
    assert.deepEqual(outside, [], 'requests left the machine');
    assert.deepEqual(wrong, [], 'a page complained');
  });
}

/** What the pages looked like when a test failed. */
async function shoot(context, name) {
  const folder = process.env.SHOTS;
  if (!folder) return;
  for (const [index, page] of context.pages().entries()) {
    await page.screenshot({ path: `${folder}/${name.replaceAll(/\W+/g, '-')}-${index}.png` }).catch(() => {});
  }
}

/** Signs in, and opens a page. */
export async function open(context, [role, uid], path = '/') {
  const page = await context.newPage();
  await page.goto('/icon.svg');
  await page.evaluate((kept) => localStorage.setItem('wallet-dashboard.token', kept), token(role, uid));
  await page.goto(path);
  return page;
}

/** Waits until `look` answers what is expected. */
export async function eventually(look, expected, what = 'a value') {
  const started = Date.now();
  let seen;
  do {
    seen = await look();
    if (typeof expected === 'function' ? expected(seen) : seen === expected) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  } while (Date.now() - started < PATIENCE_MS);
  return assert.fail(`${what} is ${JSON.stringify(seen)}, expected ${expected}`);
}

/** Waits for a text that can be seen. */
export async function sees(page, text, options) {
  await page.getByText(text, options).filter({ visible: true }).first().waitFor();
}

export const button = (page, name, options) => page.getByRole('button', { name, ...options });
