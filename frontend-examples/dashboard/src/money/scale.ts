// A chart draws numbers, and money is none. An amount is placed on a scale of whole steps by exact
// arithmetic; only that place, which is a pixel soon, is a number. Labels are made from the exact
// amounts of the ticks.
import { formatMoney, fromUnits, UNITS_PER_ONE } from './money';

/** Finer than any screen, and far from where numbers lose digits. */
const STEPS = 1_000_000n;
const TICKS = 5n;

export interface MoneyScale {
  /** Where an amount is drawn. */
  place(units: bigint): number;
  /** The places of the ticks. */
  ticks: number[];
  /** What stands at a tick. */
  label(place: number): string;
  range: [number, number];
}

/** A scale on which all of these amounts have room. */
export function moneyScale(amounts: readonly bigint[], withZero: boolean): MoneyScale {
  const [least, most] = bounds(withZero ? [0n, ...amounts] : amounts);
  const step = niceStep(most > least ? most - least : smallSpan(most));
  const low = floorTo(least, step);
  const high = floorTo(most, step) === most && most > low ? most : floorTo(most, step) + step;
  const span = high - low;
  const place = (units: bigint) => Number(((units - low) * STEPS) / span);
  const labels = new Map<number, string>();
  for (let at = low; at <= high; at += step) labels.set(place(at), short(at));
  return {
    place,
    ticks: [...labels.keys()],
    label: (at) => labels.get(at) ?? '',
    range: [0, Number(STEPS)],
  };
}

function bounds(amounts: readonly bigint[]): [bigint, bigint] {
  let [least, most] = [amounts[0] ?? 0n, amounts[0] ?? 0n];
  for (const units of amounts) {
    if (units < least) least = units;
    if (units > most) most = units;
  }
  return [least, most];
}

/** Some room around a line that is flat. */
function smallSpan(units: bigint): bigint {
  const tenth = (units < 0n ? -units : units) / 10n;
  return tenth > UNITS_PER_ONE ? tenth : UNITS_PER_ONE;
}

/** 1, 2 or 5 times a power of ten, so that about `TICKS` of them span it. */
function niceStep(span: bigint): bigint {
  const rough = span / TICKS > 0n ? span / TICKS : 1n;
  const power = 10n ** BigInt(rough.toString().length - 1);
  for (const factor of [1n, 2n, 5n, 10n]) {
    if (factor * power >= rough) return factor * power;
  }
  return power;
}

function floorTo(units: bigint, step: bigint): bigint {
  const rest = ((units % step) + step) % step;
  return units - rest;
}

/** Without `.00` where there is nothing behind the point, and with a letter for large amounts. */
function short(units: bigint): string {
  for (const [size, letter] of [
    [10_000_000_000n, 'M'],
    [10_000_000n, 'k'],
  ] as const) {
    const isLarge = units >= size * 10n || units <= -size * 10n;
    if (isLarge && units % (size / 10n) === 0n) {
      return `${formatMoney(fromUnits((units * 10_000n) / size)).replace(/\.?0+$/, '')}${letter}`;
    }
  }
  return formatMoney(fromUnits(units)).replace(/\.00$/, '');
}
