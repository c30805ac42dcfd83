import { useState } from 'react';
import { useClient } from 'urql';
import { faultOf } from '@/api/faults';
import { LedgerDocument, type LineFieldsFragment, type TransactionFilter } from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { counted } from '@/ui/numbers';
import { toast } from '@/ui/toasts';
import { csvOf } from './csv';

const PAGE = 500;
const MOST = 20_000;

/** All lines that fit the filter, as a file; page by page, as the service has no larger ones. */
export function ExportButton({ uid, filter }: { uid: string; filter: TransactionFilter }) {
  const client = useClient();
  const [count, setCount] = useState<number>();

  async function run() {
    const lines: LineFieldsFragment[] = [];
    let after: string | null | undefined;
    setCount(0);
    do {
      const { data, error } = await client.query(
        LedgerDocument,
        { uid, filter, first: PAGE, after },
        { requestPolicy: 'network-only' },
      );
      const page = data?.wallet?.transactions;
      if (!page) {
        setCount(undefined);
        return toast('Nothing was exported', error && faultOf(error).message, 'bad');
      }
      lines.push(...page.edges.map(({ node }) => node));
      setCount(lines.length);
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
    } while (after && lines.length < MOST);
    setCount(undefined);
    save(`${uid}-ledger.csv`, csvOf(lines));
    const cut = after
      ? `Only the newest ${MOST.toLocaleString('en')}: choose a shorter time for the rest.`
      : undefined;
    toast(`${counted(lines.length, 'line')} exported`, cut);
  }

  return (
    <Button size="small" icon="download" disabled={count !== undefined} onClick={run}>
      {count === undefined ? 'Export CSV' : `${counted(count, 'line')}…`}
    </Button>
  );
}

function save(name: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
