import type { CacheNumbersFragment } from '@/gql/graphql';
import { Badge } from '@/ui/Badge';
import { Stat } from '@/ui/Card';
import { bytes, count, ms, percent } from '@/ui/numbers';

export function CacheNow({ stats }: { stats: CacheNumbersFragment }) {
  return (
    <dl className="stats">
      <Stat label="State">
        <Badge tone={stats.degraded ? 'bad' : 'good'}>{stats.degraded ? 'Degraded' : 'Up'}</Badge>
      </Stat>
      <Stat label="Hit ratio">{percent(stats.hitRatio)}</Stat>
      <Stat label="Latency, p50">{ms(stats.p50Ms)}</Stat>
      <Stat label="Latency, p99">{ms(stats.p99Ms)}</Stat>
      <Stat label="Entries">{count(stats.keys)}</Stat>
      <Stat label="Memory">{bytes(stats.memoryBytes)}</Stat>
      <Stat label="Hits in this process">{count(stats.nearHits)}</Stat>
      <Stat label="Failed writes">{count(stats.writeFailures)}</Stat>
    </dl>
  );
}
