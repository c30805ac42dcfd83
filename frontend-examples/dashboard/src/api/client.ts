import { Client, cacheExchange, fetchExchange, mapExchange } from 'urql';

/** Queries and changes over HTTP. */
export function createHttp(token: string, onEnded: () => void): Client {
  return new Client({
    url: '/graphql',
    preferGetMethod: false,
    // What was read before is shown at once, and read again: money may have moved.
    requestPolicy: 'cache-and-network',
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [
      mapExchange({
        onError(error) {
          const codes = error.graphQLErrors.map((one) => one.extensions['code']);
          if (codes.includes('UNAUTHENTICATED') || error.response?.status === 401) onEnded();
        },
      }),
      cacheExchange,
      fetchExchange,
    ],
  });
}
