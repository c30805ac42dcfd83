// Money is a decimal string (`"1000.50"`), and is never a JavaScript number: 0.1 + 0.2 is not 0.3.
// What is summed or compared becomes a BigInt of ten-thousandths, which is how the service counts.

const DECIMALS = 4;
export const UNITS_PER_ONE = 10_000n;
const AMOUNT = /^\d{1,15}(\.\d{1,4})?$/;
/** What the service can hold in one wallet. */
const MOST = 9_223_372_036_854_775_807n;

/** `"-12.5"` as ten-thousandths: `-125000n`. */
export function toUnits(text: string): bigint {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = text.replace(/^[-+]/, '').split('.');
  const units = BigInt(whole) * UNITS_PER_ONE + BigInt(fraction.padEnd(DECIMALS, '0').slice(0, DECIMALS));
  return negative ? -units : units;
}

/** `-125000n` as `"-12.50"`: at least two decimal places, as the service writes them. */
export function fromUnits(units: bigint): string {
  const size = units < 0n ? -units : units;
  const fraction = (size % UNITS_PER_ONE)
    .toString()
    .padStart(DECIMALS, '0')
    .replace(/0{1,2}$/, '');
  return `${units < 0n ? '-' : ''}${size / UNITS_PER_ONE}.${fraction}`;
}

/** `"-1234567.5"` as people read it: `−1,234,567.50`. */
export function formatMoney(text: string): string {
  const negative = text.startsWith('-');
  const [whole = '0', fraction = ''] = text.replace(/^[-+]/, '').split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${negative ? '−' : ''}${grouped}.${fraction.padEnd(2, '0')}`;
}

/** The same, with a plus before what came in. */
export function formatSigned(text: string): string {
  const isNothing = toUnits(text) === 0n;
  return isNothing || text.startsWith('-') ? formatMoney(text) : `+${formatMoney(text)}`;
}

/** What is wrong with what somebody typed as an amount; nothing when it is one. */
export function amountProblem(text: string): string | undefined {
  const typed = text.trim();
  if (typed === '') return 'Enter an amount.';
  if (typed.startsWith('-')) return 'An amount is more than zero.';
  if (typed.includes(',')) return 'Write it without separators, such as 1250.50.';
  if (/^\d+\.\d{5,}$/.test(typed)) return 'At most four decimal places.';
  if (!AMOUNT.test(typed)) return 'Write an amount such as 1250.50.';
  const units = toUnits(typed);
  if (units === 0n) return 'An amount is more than zero.';
  return units > MOST ? 'That is more than a wallet can hold.' : undefined;
}
