import { expect, it } from 'vitest';
import { csvOf } from './csv';

const LINE = {
  transactionNo: 't1',
  uid: 'u1',
  type: 'WITHDRAW',
  amount: '-1234567.50',
  balanceBefore: '2000000.00',
  balanceAfter: '765432.50',
  walletVersion: 3,
  counterpartyUid: null,
  orderNo: null,
  status: 'SUCCESS',
  description: 'rent, "May"',
  createdAt: '2024-12-01T08:30:00Z',
} as const;

it('keeps amounts as they are, and quotes what needs it', () => {
  expect(csvOf([LINE]).split('\r\n')[1]).toBe(
    't1,2024-12-01T08:30:00Z,WITHDRAW,SUCCESS,-1234567.50,2000000.00,765432.50,3,,,"rent, ""May"""',
  );
});

it('lets no description be run as a formula', () => {
  expect(csvOf([{ ...LINE, description: '=HYPERLINK("x")' }])).toContain(`"'=HYPERLINK(""x"")"`);
});
