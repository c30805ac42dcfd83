// GraphiQL over this server: HTTP for queries and mutations, graphql-transport-ws for
// subscriptions. In a demo the page carries a token, and tabs that show something at once.
'use strict';

const root = document.getElementById('graphiql');
const token = root.dataset.token;
const endpoint = new URL('/graphql', location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

const headers = token ? JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2) : '';

/** Operations to try; without them there is still an empty tab. */
async function readTabs() {
  const answer = await fetch('/playground/tabs');
  const documents = answer.ok ? await answer.json() : [];
  return documents.map((query) => ({ query, headers }));
}

readTabs().catch(() => []).then((tabs) => ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: endpoint.href, subscriptionUrl: socket.href }),
    defaultTabs: tabs.length > 0 ? tabs : undefined,
    defaultHeaders: headers,
    defaultEditorToolsVisibility: token ? 'headers' : true,
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: true,
    // A page of another day would bring a token that has ended.
    storage: token ? { getItem: () => null, setItem() {}, removeItem() {}, clear() {}, length: 0 } : undefined,
  }),
));
