import type { Plot } from '@/charts/plot';
import type { LineFieldsFragment } from '@/gql/graphql';
import { formatMoney, toUnits } from '@/money/money';
import { moneyScale } from '@/money/scale';

export const SPANS = { hour: 'Last hour', day: 'Last day', all: 'Last 200 changes' } as const;
export type Span = keyof typeof SPANS;

const MS: Record<Span, number> = { hour: 3_600_000, day: 86_400_000, all: Infinity };
/** Fewer make no line to look at. */
const ENOUGH = 3;
const CLOCK = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

interface Point {
  at: number;
  balance: string;
}

/** The shortest time in which something happened. */
export function fittingSpan(lines: LineFieldsFragment[]): Span {
  const within = (span: Span) =>
    lines.filter((line) => Date.parse(line.createdAt) > Date.now() - MS[span]).length;
  return (['hour', 'day'] as const).find((span) => within(span) >= ENOUGH) ?? 'all';
}

/** From the oldest line to the newest; the balance before the first one counts too. */
export function timeline(lines: LineFieldsFragment[], span: Span): Plot {
  const points = pointsOf(lines, span);
  const balances = points.map(({ balance }) => toUnits(balance));
  const { place, ticks, label, range } = moneyScale(balances, false);
  const [first, last] = [points[0], points.at(-1)];
  return {
    xs: points.map(({ at }) => at / 1_000),
    ticks,
    range,
    tickLabel: label,
    sayX: (index) => CLOCK.format(points[index]?.at),
    summary:
      first && last
        ? `The balance from ${CLOCK.format(first.at)}, when it was ${formatMoney(first.balance)}, to ${CLOCK.format(last.at)}, when it was ${formatMoney(last.balance)}.`
        : 'No changes.',
    series: [
      {
        label: 'Balance',
        look: 's1',
        kind: 'step',
        base: 0,
        places: balances.map(place),
        say: (index) => formatMoney(points[index]?.balance ?? '0'),
      },
    ],
  };
}

function pointsOf(lines: LineFieldsFragment[], span: Span): Point[] {
  const begin = Date.now() - MS[span];
  const shown = lines.filter((line) => Date.parse(line.createdAt) >= begin);
  const points = shown.map((line) => ({ at: Date.parse(line.createdAt), balance: line.balanceAfter }));
  const first = shown[0];
  // Only where a line before the span is known was the balance this all the way to it.
  if (first && shown.length < lines.length) points.unshift({ at: begin, balance: first.balanceBefore });
  const last = points.at(-1);
  if (last && span !== 'all') points.push({ at: Date.now(), balance: last.balance });
  return points;
}
