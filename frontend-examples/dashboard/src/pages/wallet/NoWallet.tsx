import { atLeast, useViewer } from '@/app/viewer';
import { useSubmit } from '@/api/useSubmit';
import { OpenWalletDocument } from '@/gql/graphql';
import { TextField } from '@/ui/Field';
import { Empty } from '@/ui/Empty';
import { OperationForm } from '@/ui/OperationForm';
import { toast } from '@/ui/toasts';
import { PageHead } from '@/ui/Card';

/** Nobody has this wallet yet. */
export function NoWallet({ uid, onOpened }: { uid: string; onOpened: () => void }) {
  const mayOpen = atLeast(useViewer(), 'OPERATOR');
  return (
    <div className="page">
      <PageHead title={uid} />
      <div className="card">
        <Empty icon="wallet" title="There is no such wallet">
          {mayOpen
            ? 'Open it here, and it can be paid into.'
            : 'Ask somebody who looks after wallets to open yours.'}
        </Empty>
        {mayOpen && (
          <div className="card-body" style={{ maxWidth: 360, margin: '0 auto' }}>
            <OpenForm {...{ uid, onOpened }} />
          </div>
        )}
      </div>
    </div>
  );
}

function OpenForm({ uid, onOpened }: { uid: string; onOpened: () => void }) {
  const { submit, busy, refusal } = useSubmit(OpenWalletDocument, (data) => data.openWallet);
  const currencyProblem = (value = '') =>
    /^[A-Z]{3}$/.test(value) ? undefined : 'Three capital letters, such as PHP.';
  return (
    <OperationForm
      action="Open the wallet"
      {...{ busy, refusal }}
      check={({ currency }) => ({ currency: currencyProblem(currency) })}
      onSubmit={async ({ currency = '' }) => {
        if (!(await submit({ uid, currency }))) return;
        toast(`${uid} is open`);
        onOpened();
      }}
    >
      {(problem) => (
        <TextField
          label="Currency"
          name="currency"
          defaultValue="PHP"
          maxLength={3}
          problem={problem('currency')}
        />
      )}
    </OperationForm>
  );
}
