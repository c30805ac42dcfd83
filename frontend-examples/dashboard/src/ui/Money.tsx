import { formatMoney, formatSigned, toUnits } from '@/money/money';

/** An amount, exact to the digit. */
export function Money({ amount, currency }: { amount: string; currency?: string }) {
  return (
    <span className="money">
      {formatMoney(amount)}
      {currency && <small> {currency}</small>}
    </span>
  );
}

/** A change of a balance: its sign is written, and not only coloured. */
export function Change({ amount }: { amount: string }) {
  const units = toUnits(amount);
  const tone = units > 0n ? 'good' : units < 0n ? '' : 'quiet';
  return <span className={`money ${tone}`}>{formatSigned(amount)}</span>;
}
