import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ADMIN, token } from './tokens.mjs';

export const BASE = process.env.BASE;

/** Asks the service beside the browser, as an admin. */
export async function ask(query, variables = {}) {
  const answer = await fetch(`${BASE}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token(...ADMIN)}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined, `${query}: ${JSON.stringify(errors)}`);
  return data;
}

/** A mutation under a key of its own; its payload. */
export async function change(name, type, input, fields = 'wallet { uid balance version }') {
  const query = `mutation($input: ${type}!) { ${name}(input: $input) { ${fields} errors { code message } } }`;
  const data = await ask(query, { input: { idempotencyKey: randomUUID(), ...input } });
  assert.deepEqual(data[name].errors, [], name);
  return data[name];
}

export const deposit = (uid, amount, description) =>
  change('deposit', 'DepositInput', { uid, amount, description });

export async function wallet(uid) {
  const data = await ask('query($uid: ID!) { wallet(uid: $uid) { balance version status } }', { uid });
  return data.wallet;
}
