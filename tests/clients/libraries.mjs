// The libraries, each as `query(document, variables)` and `subscribe(document, variables, sink)`.
import WebSocket from 'ws';

// Apollo looks for the browser's, which Node.js has from 22 on.
globalThis.WebSocket ??= WebSocket;

const bearer = (token) => ({ authorization: `Bearer ${token}` });
const socketUrl = (url) => `${url.replace('http', 'ws')}/graphql`;

function data(result) {
  if (result.errors?.length || result.error) {
    throw new Error(JSON.stringify(result.errors ?? String(result.error)));
  }
  return result.data;
}

async function socketClient(url, token) {
  const { createClient } = await import('graphql-ws');
  return createClient({
    url: socketUrl(url),
    connectionParams: bearer(token),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazyCloseTimeout: 0,
  });
}

// graphql-ws and graphql-sse have the same interface.
function plain(client) {
  const run = (query, variables, sink) =>
    client.subscribe({ query, variables }, {
      next: (result) => sink.next(data(result)),
      error: (error) => sink.end(error.reason ? new Error(`${error.code} ${error.reason}`) : error),
      complete: () => sink.end(),
    });
  return {
    subscribe: run,
    query: (query, variables) =>
      new Promise((resolve, reject) => {
        let answer;
        run(query, variables, {
          next: (result) => (answer = result),
          end: (error) => (error ? reject(error) : resolve(answer)),
        });
      }),
  };
}

export const libraries = {
  'graphql-ws': async (url, token) => plain(await socketClient(url, token)),

  'graphql-sse': async (url, token) => {
    const { createClient } = await import('graphql-sse');
    return plain(
      createClient({ url: `${url}/graphql/stream`, headers: bearer(token), retryAttempts: 0 }),
    );
  },

  'graphql-sse-single': async (url, token) => {
    const { createClient } = await import('graphql-sse');
    return plain(
      createClient({
        url: `${url}/graphql/stream`,
        headers: bearer(token),
        retryAttempts: 0,
        singleConnection: true,
      }),
    );
  },

  apollo: async (url, token) => {
    const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = await import(
      '@apollo/client'
    );
    const { OperationTypeNode } = await import('graphql');
    const { GraphQLWsLink } = await import('@apollo/client/link/subscriptions');
    const link = ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(await socketClient(url, token)),
      new HttpLink({ uri: `${url}/graphql`, headers: bearer(token) }),
    );
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    return {
      query: async (document, variables) => {
        const operation = gql(document);
        const mutation = document.startsWith('mutation');
        const asked = mutation
          ? client.mutate({ mutation: operation, variables })
          : client.query({ query: operation, variables, fetchPolicy: 'network-only' });
        return data(await asked);
      },
      subscribe: (document, variables, sink) => {
        const events = client.subscribe({
          query: gql(document),
          variables,
          fetchPolicy: 'no-cache',
        });
        const subscription = events.subscribe({
          // An error of the connection is a last result, and then the end.
          next: (result) => (result.error ? undefined : sink.next(result.data)),
          error: sink.end,
          complete: () => sink.end(),
        });
        return () => subscription.unsubscribe();
      },
    };
  },

  urql: async (url, token) => {
    const { Client, fetchExchange, subscriptionExchange } = await import('@urql/core');
    const socket = await socketClient(url, token);
    const client = new Client({
      url: `${url}/graphql`,
      preferGetMethod: false,
      fetchOptions: { headers: bearer(token) },
      exchanges: [
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe({ query: query ?? '', variables }, sink),
            }),
          }),
        }),
      ],
    });
    return {
      query: async (document, variables) =>
        data(
          await (document.startsWith('mutation')
            ? client.mutation(document, variables)
            : client.query(document, variables)),
        ),
      subscribe: (document, variables, sink) => {
        let over = false;
        const end = (error) => {
          if (!over) sink.end(error);
          over = true;
        };
        const { unsubscribe } = client.subscription(document, variables).subscribe((result) => {
          if (result.error) return end(result.error);
          sink.next(result.data);
          if (!result.hasNext) end();
        });
        return unsubscribe;
      },
    };
  },
};
