// Follows balances over WebSocket, and misses none when the connection is lost:
//
//   npm ci
//   TOKEN=eyJ… node follow.mjs u000001 u000002
//
// URL=ws://host:port/graphql for another service.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const { TOKEN, URL = 'ws://127.0.0.1:8080/graphql' } = process.env;
const uids = process.argv.slice(2);
if (!TOKEN || uids.length === 0) {
  console.error('usage: TOKEN=eyJ… node follow.mjs UID…');
  process.exit(2);
}

const QUERY = `
  subscription ($uids: [ID!]!, $afterVersions: [Int!]) {
    balanceUpdated(uids: $uids, afterVersions: $afterVersions) {
      snapshot
      wallet { uid balance currency version }
      transaction { type amount }
    }
  }`;

const client = createClient({
  url: URL,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${TOKEN}` },
  // Another try has other variables, so it is made below.
  retryAttempts: 0,
});

/** The last version seen of each wallet: the service goes on from there. */
const versions = new Map();

function variables() {
  const known = uids.every((uid) => versions.has(uid));
  return { uids, afterVersions: known ? uids.map((uid) => versions.get(uid)) : undefined };
}

function show({ snapshot, wallet, transaction }) {
  versions.set(wallet.uid, wallet.version);
  // Money is text: it is printed as it came.
  const what = snapshot ? 'holds' : `${transaction.type} ${transaction.amount}, holds`;
  console.log(`${wallet.uid} ${what} ${wallet.balance} ${wallet.currency} (version ${wallet.version})`);
}

/** No other try would be answered otherwise. */
function isFinal(error) {
  return (
    error?.code === 4403 ||
    (Array.isArray(error) && ['FORBIDDEN', 'BAD_USER_INPUT'].includes(error[0]?.extensions?.code))
  );
}

for (let tries = 0; ; tries += 1) {
  try {
    for await (const { data, errors } of client.iterate({ query: QUERY, variables: variables() })) {
      if (errors) throw errors;
      tries = 0;
      show(data.balanceUpdated);
    }
  } catch (error) {
    if (isFinal(error)) {
      console.error(error.reason ?? error[0].message);
      process.exit(1);
    }
  }
  // Longer each time, and not all clients at once.
  const pause = Math.min(250 * 2 ** tries, 8_000) * (0.75 + Math.random() / 2);
  console.error(`lost the connection; again in ${Math.round(pause)} ms`);
  await sleep(pause);
}
