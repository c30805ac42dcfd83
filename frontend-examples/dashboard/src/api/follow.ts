import { stringifyDocument, type TypedDocumentNode } from '@urql/core';
import { graphQLFault, type Fault } from './faults';
import type { Live } from './live';

/** What is followed, and who is told. */
export interface Following<Data, Variables> {
  document: TypedDocumentNode<Data, Variables>;
  /** Asked before every try, so that the next one goes on where the last one ended. */
  variables: () => Variables;
  onData: (data: Data) => void;
  /** A stream ended with this. It is asked for again, unless `isFinal` says that it is no use. */
  onFault?: (fault: Fault) => void;
}

const FIRST_DELAY_MS = 400;
const LONGEST_DELAY_MS = 8_000;

/** Whether the same would be answered to every other try. */
export function isFinal({ code }: Fault): boolean {
  return code === 'FORBIDDEN' || code === 'BAD_USER_INPUT' || code === 'GRAPHQL_VALIDATION_FAILED';
}

/** Follows a subscription over lost connections and restarts of the service, until it is told
    to stop. */
export function follow<Data, Variables extends object>(
  live: Live,
  following: Following<Data, Variables>,
): () => void {
  const query = stringifyDocument(following.document);
  let tries = 0;
  let stopped = false;
  let unsubscribe: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const again = () => {
    if (stopped) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** tries, LONGEST_DELAY_MS) * (0.75 + Math.random() / 2);
    tries += 1;
    timer = setTimeout(start, delay);
    // Other streams may still run on the socket; only one that is lost is waited for.
    if (live.connection.get().state !== 'live') {
      live.connection.set({ state: 'waiting', until: Date.now() + delay });
    }
  };

  const failed = (errors: readonly unknown[]) => {
    const fault = graphQLFault(errors[0] as { message: string });
    if (isFinal(fault)) stopped = true;
    following.onFault?.(fault);
  };

  function start() {
    clearTimeout(timer);
    const variables = following.variables() as Record<string, unknown>;
    // A stream may end twice over: by an error, and by the socket that closes after it.
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      again();
    };
    unsubscribe = live.client.subscribe<Data>(
      { query, variables },
      {
        next(result) {
          if (result.errors) return failed(result.errors);
          tries = 0;
          if (result.data && !stopped) following.onData(result.data);
        },
        error(error) {
          if (Array.isArray(error)) failed(error);
          end();
        },
        complete: end,
      },
    );
  }

  const now = () => {
    if (stopped || live.connection.get().state !== 'waiting') return;
    tries = 0;
    start();
  };
  window.addEventListener('online', now);
  window.addEventListener(RETRY_NOW, now);
  start();
  return () => {
    stopped = true;
    clearTimeout(timer);
    window.removeEventListener('online', now);
    window.removeEventListener(RETRY_NOW, now);
    unsubscribe?.();
  };
}

const RETRY_NOW = 'retry-now';

/** For somebody who does not want to wait for the next try. */
export function retryNow() {
  window.dispatchEvent(new Event(RETRY_NOW));
}
