import type { Plot } from '@/charts/plot';
import { formatMoney, formatSigned, fromUnits } from '@/money/money';
import { moneyScale } from '@/money/scale';
import type { Row } from './feed';

/** What moved in a time. */
export interface Flow {
  into: bigint;
  out: bigint;
  changes: number;
}

const MINUTE_MS = 60_000;
const SHOWN_MINUTES = 30;
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** Sums by the second, of the last half hour, of one currency: sums of several mean nothing. */
export class Flows {
  private readonly seconds = new Map<number, Flow>();
  currency?: string;

  add(rows: readonly Row[]) {
    for (const row of rows) {
      this.currency ??= row.currency;
      if (row.currency !== this.currency || row.type === undefined) continue;
      const second = Math.floor(row.heardAt / 1_000);
      const flow = this.seconds.get(second) ?? nothing();
      if (row.units > 0n) flow.into += row.units;
      else flow.out -= row.units;
      flow.changes += 1;
      this.seconds.set(second, flow);
    }
  }

  /** Drops what is no longer shown. */
  forget(now: number) {
    for (const second of this.seconds.keys()) {
      if (second * 1_000 < now - (SHOWN_MINUTES + 1) * MINUTE_MS) this.seconds.delete(second);
    }
  }

  lastMinute(now: number): Flow {
    return this.sum((at) => at > now - MINUTE_MS);
  }

  plot(now: number): Plot {
    const current = Math.floor(now / MINUTE_MS);
    const minutes = Array.from({ length: SHOWN_MINUTES }, (_, index) => current - SHOWN_MINUTES + 1 + index);
    const flows = minutes.map((minute) => this.sum((at) => Math.floor(at / MINUTE_MS) === minute));
    const { place, ticks, label, range } = moneyScale(
      flows.flatMap(({ into, out }) => [into, -out]),
      true,
    );
    const sum = this.sum(() => true);
    return {
      xs: minutes.map((minute) => minute * 60),
      ticks,
      range,
      tickLabel: label,
      sayX: (index) => CLOCK.format((minutes[index] ?? 0) * MINUTE_MS),
      summary: `Money by the minute, in the last ${SHOWN_MINUTES} minutes: ${formatMoney(fromUnits(sum.into))} in, ${formatMoney(fromUnits(sum.out))} out, in ${sum.changes} changes.`,
      height: 200,
      margin: 30,
      series: [
        {
          label: 'In',
          look: 's-good',
          kind: 'bars',
          base: place(0n),
          places: flows.map(({ into }) => (into > 0n ? place(into) : null)),
          say: (index) => formatSigned(fromUnits(flows[index]?.into ?? 0n)),
        },
        {
          label: 'Out',
          look: 's-bad',
          kind: 'bars',
          base: place(0n),
          places: flows.map(({ out }) => (out > 0n ? place(-out) : null)),
          say: (index) => formatSigned(fromUnits(-(flows[index]?.out ?? 0n))),
        },
      ],
    };
  }

  private sum(counts: (at: number) => boolean): Flow {
    const sum = nothing();
    for (const [second, flow] of this.seconds) {
      if (!counts(second * 1_000)) continue;
      sum.into += flow.into;
      sum.out += flow.out;
      sum.changes += flow.changes;
    }
    return sum;
  }
}

function nothing(): Flow {
  return { into: 0n, out: 0n, changes: 0 };
}
