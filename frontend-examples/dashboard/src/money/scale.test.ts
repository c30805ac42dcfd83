import { expect, it } from 'vitest';
import { toUnits } from './money';
import { moneyScale } from './scale';

it('places amounts exactly, and labels its ticks with round ones', () => {
  const scale = moneyScale(['100.00', '480.00'].map(toUnits), false);
  expect(scale.ticks.map(scale.label)).toEqual(['100', '200', '300', '400', '500']);
  expect(scale.place(toUnits('100.00'))).toBe(0);
  expect(scale.place(toUnits('500.00'))).toBe(1_000_000);
  expect(scale.place(toUnits('300.00'))).toBe(500_000);
});

it('has room for one amount, for none, and for both signs', () => {
  for (const amounts of [[], ['5.00'], ['0.00'], ['-3.00', '9.00'], ['922337203685477.5807']]) {
    const units = amounts.map(toUnits);
    const scale = moneyScale(units, true);
    for (const amount of units) {
      expect(scale.place(amount)).toBeGreaterThanOrEqual(0);
      expect(scale.place(amount)).toBeLessThanOrEqual(1_000_000);
    }
    expect(scale.ticks.length).toBeGreaterThan(1);
    expect(scale.ticks.length).toBeLessThan(13);
  }
});
