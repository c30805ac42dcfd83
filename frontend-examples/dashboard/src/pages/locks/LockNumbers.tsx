import { usePolled } from '@/api/usePolled';
import { LockNumbersDocument, type LockNumbersQuery } from '@/gql/graphql';
import { Card, Stat } from '@/ui/Card';
import { Skeleton } from '@/ui/Skeleton';
import { count, ms } from '@/ui/numbers';

const EVERY_MS = 2_000;
const LOOKS = ['s3', 's1', 's8', 's5', 's2', 's7'];

/** How the locks do, on the instance that answers. */
export function LockNumbers() {
  const [{ data }] = usePolled(LockNumbersDocument, {}, EVERY_MS);
  if (!data) return <Skeleton height={150} />;
  const { lockStats: stats } = data;
  return (
    <>
      <dl className="stats">
        <Stat label="Taken">{count(stats.acquired)}</Stat>
        <Stat label="Found held">{count(stats.contended)}</Stat>
        <Stat label="Given up">{count(stats.timeouts)}</Stat>
        <Stat label="Retries, on average">{stats.averageRetries.toFixed(2)}</Stat>
        <Stat label="Wait, p50">{ms(stats.waitP50Ms)}</Stat>
        <Stat label="Wait, p99">{ms(stats.waitP99Ms)}</Stat>
        <Stat label="Hold, p50">{ms(stats.holdP50Ms)}</Stat>
        <Stat label="Hold, p99">{ms(stats.holdP99Ms)}</Stat>
      </dl>
      <Retries stats={stats} />
    </>
  );
}

function tried(retries: number): string {
  if (retries === 0) return 'Never';
  return retries === 1 ? 'Once' : `${retries} times`;
}

function Retries({ stats }: { stats: LockNumbersQuery['lockStats'] }) {
  const waited = stats.retries.filter(({ waiters }) => waiters > 0);
  if (waited.length === 0 && stats.timeouts === 0) return null;
  const most = Math.max(1, ...waited.map(({ waiters }) => waiters));
  return (
    <Card title="How often waiters tried again">
      <div className="card-body">
        <ul className="bars">
          {waited.map(({ retries, orMore, waiters }, index) => (
            <li key={retries}>
              <span>
                {tried(retries)}
                {orMore ? ' or more' : ''}
              </span>
              <span className="track">
                <span
                  className={`fill ${LOOKS[index % LOOKS.length]}`}
                  style={{ width: `${(waiters / most) * 100}%` }}
                />
              </span>
              <span className="value">{count(waiters)}</span>
            </li>
          ))}
        </ul>
        {stats.timeouts > 0 && (
          <p className="quiet small">
            Given up:{' '}
            {stats.timeoutsByPolicy
              .filter((one) => one.count > 0)
              .map((one) => `${one.policy} ${count(one.count)}`)
              .join(', ')}
          </p>
        )}
      </div>
    </Card>
  );
}
