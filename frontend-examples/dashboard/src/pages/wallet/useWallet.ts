import { useCallback, useState } from 'react';
import { useClient, useQuery } from 'urql';
import { faultOf } from '@/api/faults';
import { useFollow } from '@/api/useFollow';
import { WalletBalanceDocument, WalletDocument, type WalletFieldsFragment } from '@/gql/graphql';
import { toast } from '@/ui/toasts';

/** A wallet as it is now: read once, then followed. Of two answers the one of the higher version
    is newer, whichever came last. */
export function useWallet(uid: string) {
  const client = useClient();
  const [{ data, error, fetching }, retry] = useQuery({ query: WalletDocument, variables: { uid } });
  const [heard, setHeard] = useState<WalletFieldsFragment>();
  const newest = newer(data?.wallet ?? undefined, heard?.uid === uid ? heard : undefined);

  const hear = useCallback(
    (wallet: WalletFieldsFragment) =>
      setHeard((before) => {
        return before?.uid === wallet.uid ? newer(before, wallet) : wallet;
      }),
    [],
  );

  useFollow(data?.wallet ? uid : undefined, {
    document: WalletBalanceDocument,
    variables: () => ({ uids: [uid], afterVersions: newest ? [newest.version] : undefined }),
    onData: ({ balanceUpdated }) => hear(balanceUpdated.wallet),
  });

  async function readDatabase() {
    const answer = await client.query(
      WalletDocument,
      { uid, consistency: 'LATEST' },
      { requestPolicy: 'network-only' },
    );
    if (answer.error) toast('The database was not read', faultOf(answer.error).message, 'bad');
    if (answer.data?.wallet) setHeard(answer.data.wallet);
  }

  return {
    wallet: newest,
    missing: !fetching && data?.wallet === null && !newest,
    fault: error && !newest ? faultOf(error) : undefined,
    retry: () => retry({ requestPolicy: 'network-only' }),
    readDatabase,
    hear,
  };
}

function newer(one?: WalletFieldsFragment, other?: WalletFieldsFragment) {
  if (!one || !other) return one ?? other;
  return other.version >= one.version ? other : one;
}
