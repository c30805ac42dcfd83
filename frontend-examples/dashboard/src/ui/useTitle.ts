import { useEffect } from 'react';

/** What the tab, and a screen reader after a change of page, says. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Wallets`;
  }, [title]);
}
