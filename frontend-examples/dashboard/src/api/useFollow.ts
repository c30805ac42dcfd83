import { useEffect, useEffectEvent } from 'react';
import { useLive } from '@/app/viewer';
import { follow, type Following } from './follow';

/** Follows a subscription as long as a part of a page is shown; from the start when `key` changes.
    Not at all without a key. */
export function useFollow<Data, Variables extends object>(
  key: string | undefined,
  following: Following<Data, Variables>,
) {
  const live = useLive();
  const variables = useEffectEvent(following.variables);
  const onData = useEffectEvent(following.onData);
  const onFault = useEffectEvent((fault: Parameters<NonNullable<typeof following.onFault>>[0]) =>
    following.onFault?.(fault),
  );
  const { document } = following;
  useEffect(() => {
    if (key === undefined) return undefined;
    return follow<Data, Variables>(live, {
      document,
      variables: () => variables(),
      onData: (data) => onData(data),
      onFault: (fault) => onFault(fault),
    });
  }, [live, key, document]);
}
