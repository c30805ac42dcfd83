// One WebSocket for all that a page follows, and what people are told about it.
import { createClient, type Client } from 'graphql-ws';
import { createStore, type Store } from './store';

/** How the socket does, as the status in the corner says it. */
export type Connection =
  { state: 'idle' } | { state: 'connecting' } | { state: 'live' } | { state: 'waiting'; until: number };

export interface Live {
  client: Client;
  connection: Store<Connection>;
  /** How often the socket was lost and found again. */
  resumed: Store<number>;
  close(): void;
}

const KEEP_ALIVE_MS = 12_000;
/** A half-open connection looks well until somebody asks it. */
const PONG_PATIENCE_MS = 5_000;
/** The service does not take the token: another try would end the same. */
export const FORBIDDEN = 4403;

export function connect(token: string, onForbidden: () => void): Live {
  const connection = createStore<Connection>({ state: 'idle' });
  const resumed = createStore(0);
  let pongDue: ReturnType<typeof setTimeout> | undefined;
  let wasLost = false;

  const client = createClient({
    url: socketUrl(),
    connectionParams: { authorization: `Bearer ${token}` },
    // `follow` tries again, because it asks for what was missed, which is another request.
    retryAttempts: 0,
    lazyCloseTimeout: 2_000,
    keepAlive: KEEP_ALIVE_MS,
    on: {
      connecting: () => connection.set({ state: 'connecting' }),
      connected: () => {
        connection.set({ state: 'live' });
        if (wasLost) resumed.set(resumed.get() + 1);
        wasLost = false;
      },
      ping: (received) => {
        if (received) return;
        clearTimeout(pongDue);
        pongDue = setTimeout(() => client.terminate(), PONG_PATIENCE_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongDue);
      },
      closed: (event) => {
        clearTimeout(pongDue);
        const { code } = event as CloseEvent;
        if (connection.get().state === 'live') wasLost = code !== 1000;
        // 1000 is our own farewell: nothing is followed any more.
        if (code === 1000) connection.set({ state: 'idle' });
        if (code === FORBIDDEN) onForbidden();
      },
    },
  });
  return { client, connection, resumed, close: () => void client.dispose() };
}

function socketUrl(): string {
  const url = new URL('/graphql', window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
