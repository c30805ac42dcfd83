// GraphiQL over this server: HTTP for queries and mutations, graphql-transport-ws for
// subscriptions. In a demo the page carries a token, and tabs that show something at once.
'use strict';

const root = document.getElementById('graphiql');
const token = root.dataset.token;
const endpoint = new URL('/graphql', location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

const headers = token ? JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2) : '';

const tabs = [
  `# A wallet and its latest transactions. Press Ctrl-Enter to run.
query Wallet {
  wallet(uid: "u000001") {
    uid
    balance
    currency
    version
    source
    transactions(first: 5) {
      edges { node { transactionNo type amount balanceAfter createdAt } }
    }
  }
}
`,
  `# Many wallets in one round trip.
query Wallets {
  wallets(first: 10) {
    edges { node { uid balance status } }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  `# Money in. The same key again answers with the same outcome, and pays once.
mutation Deposit {
  deposit(input: {
    idempotencyKey: "playground-deposit-1"
    uid: "u000001"
    amount: "12.50"
    description: "from the playground"
  }) {
    wallet { uid balance version }
    operation { replayed }
    errors { code message }
  }
}
`,
  `# Live: the current balance, then every change.
subscription BalanceUpdated {
  balanceUpdated(uids: ["u000001", "u000002", "u000003"]) {
    snapshot
    wallet { uid balance version }
    transaction { type amount }
  }
}
`,
].map((query) => ({ query, headers }));

ReactDOM.createRoot(root).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: endpoint.href, subscriptionUrl: socket.href }),
    defaultTabs: tabs,
    defaultHeaders: headers,
    defaultEditorToolsVisibility: token ? 'headers' : true,
    shouldPersistHeaders: false,
    isHeadersEditorEnabled: true,
    // A page of another day would bring a token that has ended.
    storage: token ? { getItem: () => null, setItem() {}, removeItem() {}, clear() {}, length: 0 } : undefined,
  }),
);
