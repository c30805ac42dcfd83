import { createHmac } from 'node:crypto';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of our own making: the service and the tests share a secret. */
export function token(role, uid, seconds = 3_600) {
  const claims = { sub: uid, role, exp: Math.floor(Date.now() / 1_000) + seconds };
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', process.env.SECRET).update(text).digest('base64url')}`;
}

export const ADMIN = ['ADMIN', 'test-admin'];
export const OPERATOR = ['OPERATOR', 'test-operator'];
export const USER = ['USER', 'u000001'];
