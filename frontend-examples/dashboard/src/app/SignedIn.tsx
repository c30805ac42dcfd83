import { RouterProvider } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Provider, useQuery } from 'urql';
import { createHttp } from '@/api/client';
import { faultOf } from '@/api/faults';
import { connect, type Live } from '@/api/live';
import { ViewerDocument } from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { FaultNote } from '@/ui/Note';
import { PageSkeleton } from '@/ui/Skeleton';
import { createPages } from './router';
import { signOut } from './session';
import { asViewer, LiveContext, ViewerContext } from './viewer';

/** Everything that a token opens: one HTTP client and one socket as long as it counts. */
export function SignedIn({ token }: { token: string }) {
  const [http] = useState(() => createHttp(token, () => signOut('refused')));
  const [live, setLive] = useState<Live>();
  useEffect(() => {
    const socket = connect(token, () => signOut('refused'));
    setLive(socket);
    return () => socket.close();
  }, [token]);
  return (
    <Provider value={http}>
      {live && (
        <LiveContext value={live}>
          <Pages />
        </LiveContext>
      )}
    </Provider>
  );
}

function Pages() {
  const [{ data, error }, retry] = useQuery({ query: ViewerDocument });
  const [router] = useState(createPages);
  const viewer = data?.viewer;
  useEndOf(viewer?.tokenExpiresAt);
  if (error && !viewer) {
    return (
      <main className="main">
        <div className="page">
          <FaultNote fault={faultOf(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
          <div>
            <Button onClick={() => signOut()}>Sign out</Button>
          </div>
        </div>
      </main>
    );
  }
  if (!viewer)
    return (
      <main className="main">
        <PageSkeleton />
      </main>
    );
  return (
    <ViewerContext value={asViewer(viewer)}>
      <RouterProvider router={router} />
    </ViewerContext>
  );
}

/** Signs out when the token ends, rather than let the next click fail. */
function useEndOf(expiresAt?: string) {
  useEffect(() => {
    if (!expiresAt) return undefined;
    // Looked at each second, as a timer of its own stands still while the machine sleeps.
    const timer = setInterval(() => {
      if (Date.now() >= Date.parse(expiresAt)) signOut('expired');
    }, 1_000);
    return () => clearInterval(timer);
  }, [expiresAt]);
}
