import { useState } from 'react';
import { useClient } from 'urql';
import { faultOf, type Fault } from '@/api/faults';
import { HOT_KINDS } from '@/app/router';
import { CacheEntriesDocument, type CacheEntriesQuery, type CacheTarget } from '@/gql/graphql';
import { Card } from '@/ui/Card';
import { Select, TextField } from '@/ui/Field';
import { FaultNote } from '@/ui/Note';
import { OperationForm, type Values } from '@/ui/OperationForm';
import { Segments } from '@/ui/Segments';
import { words } from '@/ui/words';
import { EntriesTable } from './EntriesTable';
import { EntryActions } from './EntryActions';
import { KINDS, targetOf, targetProblems, type Kind } from './target';

const PLACEHOLDER: Record<Kind, string> = {
  wallets: 'u000001, u000002',
  period: '20241201_001',
  order: 'ORDER_20241201_001_0001',
  hot: '',
};
const LABEL: Record<Kind, string> = { wallets: 'Uids', period: 'Period', order: 'Order number', hot: 'Kind' };

/** What is cached of something, and what can be done about it. */
export function EntriesCard() {
  const client = useClient();
  const [kind, setKind] = useState<Kind>('wallets');
  const [target, setTarget] = useState<CacheTarget>();
  const [entries, setEntries] = useState<CacheEntriesQuery['cacheEntries']>();
  const [fault, setFault] = useState<Fault>();
  const [busy, setBusy] = useState(false);

  async function look(wanted: CacheTarget) {
    setBusy(true);
    const { data, error } = await client.query(
      CacheEntriesDocument,
      { target: wanted },
      { requestPolicy: 'network-only' },
    );
    setBusy(false);
    setFault(error && faultOf(error));
    setTarget(wanted);
    setEntries(data?.cacheEntries);
  }
  function choose(next: Kind) {
    setKind(next);
    setTarget(undefined);
    setEntries(undefined);
    setFault(undefined);
  }
  return (
    <Card title="Entries" side={<Segments label="Of what" values={KINDS} value={kind} onChange={choose} />}>
      <div className="card-body">
        <OperationForm
          key={kind}
          action="Look up"
          inline
          busy={busy}
          check={(values) => targetProblems(kind, values)}
          onSubmit={(values: Values) => look(targetOf(kind, values))}
        >
          {(problem) =>
            kind === 'hot' ? (
              <Select label={LABEL.hot} name="what">
                {HOT_KINDS.map((one) => (
                  <option key={one} value={one}>
                    {words(one)}
                  </option>
                ))}
              </Select>
            ) : (
              <TextField
                label={LABEL[kind]}
                name="what"
                placeholder={PLACEHOLDER[kind]}
                problem={problem('what')}
              />
            )
          }
        </OperationForm>
        {fault && <FaultNote fault={fault} />}
      </div>
      {entries && target && (
        <>
          <EntriesTable entries={entries} />
          <EntryActions target={target} onDone={() => look(target)} />
        </>
      )}
    </Card>
  );
}
