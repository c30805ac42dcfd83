// One client library, used as its users do: asks, moves money, then watches a wallet across the
// server's end and return.
//
//   node live.mjs LIBRARY http://HOST:PORT TOKEN UID
//
// It writes a line of JSON for each event, and ends when it has seen the version that a line on
// its standard input names.
import { createInterface } from 'node:readline';
import { libraries } from './libraries.mjs';

const [, , library, url, token, uid] = process.argv;
const BALANCE = 'query Balance($uid: ID!) { wallet(uid: $uid) { balance version } }';
const DEPOSIT = `mutation Deposit($input: DepositInput!) {
  deposit(input: $input) { wallet { balance version } errors { code } } }`;
const WATCH = `subscription Watch($uids: [ID!]!, $after: [Int!]) {
  balanceUpdated(uids: $uids, afterVersions: $after) {
    snapshot skipped wallet { uid balance version } } }`;

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const client = await libraries[library](url, token);

let until = Infinity;
let last;
let wake;
createInterface({ input: process.stdin }).on('line', (line) => {
  until = Number(line);
  wake?.();
});

const before = (await client.query(BALANCE, { uid })).wallet;
const input = { uid, amount: '1', idempotencyKey: `client-${library}-${Date.now()}` };
const { wallet, errors } = (await client.query(DEPOSIT, { input })).deposit;
if (errors.length > 0 || wallet.version <= before.version) throw new Error('no deposit');
say({ library, asked: before.version, deposited: wallet.version });

while (!(last >= until)) {
  const variables = { uids: [uid], after: last === undefined ? null : [last] };
  // It ends when the connection does; then it goes on from the last version that was seen.
  await new Promise((resolve) => {
    wake = () => last >= until && resolve();
    const stop = client.subscribe(WATCH, variables, {
      next({ balanceUpdated: event }) {
        last = event.wallet.version;
        say({ version: last, balance: event.wallet.balance, snapshot: event.snapshot });
        wake();
      },
      end(error) {
        say({ ended: String(error?.message ?? error ?? 'complete') });
        setTimeout(resolve, 50);
      },
    });
    client.stop = stop;
  });
  client.stop?.();
}
process.exit(0);
