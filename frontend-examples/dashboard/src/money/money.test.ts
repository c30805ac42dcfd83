import { describe, expect, it } from 'vitest';
import { amountProblem, formatMoney, formatSigned, fromUnits, toUnits } from './money';

describe('money', () => {
  it('keeps every digit that a float would lose', () => {
    const text = '922337203685477.5807';
    expect(fromUnits(toUnits(text))).toBe(text);
    expect(formatMoney(text)).toBe('922,337,203,685,477.5807');
    expect(toUnits('0.1') + toUnits('0.2')).toBe(toUnits('0.3'));
  });

  it('reads and writes as the service does', () => {
    for (const text of ['0.00', '1000.50', '-12.50', '0.0001', '-0.05', '7.125']) {
      expect(fromUnits(toUnits(text))).toBe(text);
    }
    expect(toUnits('5')).toBe(50_000n);
  });

  it('is shown with groups and a sign', () => {
    expect(formatMoney('1234567.5')).toBe('1,234,567.50');
    expect(formatMoney('-999.99')).toBe('−999.99');
    expect(formatSigned('12.5')).toBe('+12.50');
    expect(formatSigned('0.00')).toBe('0.00');
  });

  it('says what is wrong with what was typed', () => {
    for (const good of ['1', '0.0001', ' 1250.50 ', '922337203685477.5807']) {
      expect(amountProblem(good)).toBeUndefined();
    }
    for (const bad of ['', '0', '0.00', '-5', '1,000', '1.23456', 'ten', '1e3', '922337203685477.5808']) {
      expect(amountProblem(bad), bad).toBeTruthy();
    }
  });
});
