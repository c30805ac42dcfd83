import { useState } from 'react';
import { useClient } from 'urql';
import { faultOf } from '@/api/faults';
import { LockScanDocument } from '@/gql/graphql';
import { counted } from '@/ui/numbers';
import { toast } from '@/ui/toasts';

const PAGE = 500;
const MOST = 20_000;

/** Goes through the wallets and finds whose lock is held. The service keeps no list of them: a
    lock is a key of its own, which lapses by itself. */
export function useScan(onFound: (uids: string[]) => void) {
  const client = useClient();
  const [looked, setLooked] = useState<number>();

  async function scan() {
    const found: string[] = [];
    let after: string | null | undefined;
    let count = 0;
    setLooked(0);
    do {
      const { data, error } = await client.query(
        LockScanDocument,
        { first: PAGE, after },
        { requestPolicy: 'network-only' },
      );
      if (!data) {
        toast('The locks could not all be looked at', error && faultOf(error).message, 'bad');
        break;
      }
      const { edges, pageInfo } = data.wallets;
      count += edges.length;
      found.push(...edges.filter(({ node }) => node.lock?.held).map(({ node }) => node.uid));
      setLooked(count);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined;
    } while (after && count < MOST);
    setLooked(undefined);
    onFound(found);
    toast(
      found.length === 0 ? 'No lock is held' : `${counted(found.length, 'lock is', 'locks are')} held`,
      `Of ${counted(count, 'wallet')} that ${count === 1 ? 'was' : 'were'} looked at.`,
    );
  }
  return { looked, scan };
}
