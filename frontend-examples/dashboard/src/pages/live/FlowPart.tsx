import { useMemo } from 'react';
import { Chart } from '@/charts/Chart';
import { formatMoney, formatSigned, fromUnits } from '@/money/money';
import { Card, Stat } from '@/ui/Card';
import { useNow } from '@/ui/Time';
import type { Flows } from './flow';

/** How much moves: of the last minute in numbers, of the last half hour in bars. */
export function FlowPart({ flows }: { flows: Flows }) {
  const now = useNow(1_000);
  const { into, out, changes } = flows.lastMinute(now);
  const plot = useMemo(() => {
    flows.forget(now);
    return flows.plot(now);
  }, [flows, now]);
  const unit = flows.currency && <small> {flows.currency}</small>;
  return (
    <>
      <dl className="stats" aria-label="The last minute">
        <Stat label="Changes, last minute">{changes.toLocaleString('en')}</Stat>
        <Stat label="In, last minute">
          <span className="good">{formatMoney(fromUnits(into))}</span>
          {unit}
        </Stat>
        <Stat label="Out, last minute">
          {formatMoney(fromUnits(out))}
          {unit}
        </Stat>
        <Stat label="Net, last minute">
          {formatSigned(fromUnits(into - out))}
          {unit}
        </Stat>
      </dl>
      <Card title="Flow by the minute" side={<span className="quiet small">Since this page was opened</span>}>
        <div className="card-body">
          <Chart plot={plot} />
        </div>
      </Card>
    </>
  );
}
