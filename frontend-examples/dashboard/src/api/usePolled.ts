import { useEffect } from 'react';
import { useQuery, type AnyVariables, type TypedDocumentNode } from 'urql';

/** A query that is asked again and again, while somebody looks. */
export function usePolled<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  everyMs: number,
  pause = false,
) {
  const [answer, again] = useQuery({ query, variables, pause, requestPolicy: 'network-only' } as Parameters<
    typeof useQuery<Data, Variables>
  >[0]);
  useEffect(() => {
    if (pause) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') again({ requestPolicy: 'network-only' });
    }, everyMs);
    return () => clearInterval(timer);
  }, [again, everyMs, pause]);
  return [answer, () => again({ requestPolicy: 'network-only' })] as const;
}
