import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useQuery } from 'urql';
import { faultOf } from '@/api/faults';
import { STATUSES, type WalletsSearch } from '@/app/router';
import { WalletsDocument, type WalletStatus } from '@/gql/graphql';
import { PageHead } from '@/ui/Card';
import { Empty } from '@/ui/Empty';
import { Select, TextField } from '@/ui/Field';
import { FaultNote } from '@/ui/Note';
import { counted } from '@/ui/numbers';
import { Pager } from '@/ui/Pager';
import { RowsSkeleton } from '@/ui/Skeleton';
import { useTitle } from '@/ui/useTitle';
import { words } from '@/ui/words';
import { WalletsTable } from './WalletsTable';

const PAGE = 25;

/** All wallets, by uid. */
export default function WalletsPage() {
  useTitle('Wallets');
  const search = useSearch({ from: '/wallets' });
  const navigate = useNavigate({ from: '/wallets' });
  const { uid, status, after, before } = search;
  const page = before ? { last: PAGE, before } : { first: PAGE, after };
  const [{ data, error, stale }, retry] = useQuery({
    query: WalletsDocument,
    variables: { ...page, filter: { uidPrefix: uid, status } },
  });
  const go = (next: WalletsSearch) => void navigate({ search: next, replace: true });
  const wallets = data?.wallets;
  return (
    <div className="page">
      <PageHead title="Wallets">
        {wallets?.totalCount === undefined
          ? 'Everybody’s, by uid.'
          : `${counted(wallets.totalCount ?? 0, 'wallet')} ${uid || status ? 'of this kind' : 'in all'}, by uid.`}
      </PageHead>
      <section className="card" aria-label="Wallets">
        <div className="card-body">
          <div className="toolbar">
            <TextField
              small
              label="Uid begins with"
              placeholder="u0000"
              value={uid ?? ''}
              onChange={(event) => go({ status, uid: event.target.value.trim() || undefined })}
            />
            <Select
              small
              label="Status"
              value={status ?? ''}
              onChange={(event) =>
                go({ uid, status: (event.target.value || undefined) as WalletStatus | undefined })
              }
            >
              <option value="">Any</option>
              {STATUSES.map((one) => (
                <option key={one} value={one}>
                  {words(one)}
                </option>
              ))}
            </Select>
          </div>
        </div>
        {error && !wallets && (
          <div className="card-body">
            <FaultNote fault={faultOf(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
          </div>
        )}
        {!wallets && !error && <RowsSkeleton rows={8} />}
        {wallets?.edges.length === 0 && (
          <Empty icon="wallet" title="No such wallets">
            {uid && (
              <Link to="/wallets/$uid" params={{ uid }}>
                Open a wallet for {uid}
              </Link>
            )}
          </Empty>
        )}
        {wallets && wallets.edges.length > 0 && (
          <WalletsTable wallets={wallets.edges.map(({ node }) => node)} />
        )}
        {wallets && (
          <Pager
            names={['First', 'Previous', 'Next']}
            info={wallets.pageInfo}
            atStart={!after && !before}
            busy={stale}
            onFirst={() => go({ uid, status })}
            onNewer={(cursor) => go({ uid, status, before: cursor })}
            onOlder={(cursor) => go({ uid, status, after: cursor })}
          />
        )}
      </section>
    </div>
  );
}
