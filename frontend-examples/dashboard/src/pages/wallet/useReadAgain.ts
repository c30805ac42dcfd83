import { useEffect, useEffectEvent, useRef } from 'react';

const AT_MOST_EVERY_MS = 700;

/** Reads again when a wallet has changed, but not for each of a burst of changes. */
export function useReadAgain(version: number, retry: (options: { requestPolicy: 'network-only' }) => void) {
  const read = useRef(version);
  const again = useEffectEvent(() => retry({ requestPolicy: 'network-only' }));
  useEffect(() => {
    if (read.current === version) return undefined;
    const timer = setTimeout(() => {
      read.current = version;
      again();
    }, AT_MOST_EVERY_MS);
    return () => clearTimeout(timer);
  }, [version]);
}
