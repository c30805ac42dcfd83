import type { LineFieldsFragment } from '@/gql/graphql';

const COLUMNS = [
  'transactionNo',
  'createdAt',
  'type',
  'status',
  'amount',
  'balanceBefore',
  'balanceAfter',
  'walletVersion',
  'counterpartyUid',
  'orderNo',
  'description',
] as const satisfies readonly (keyof LineFieldsFragment)[];

/** RFC 4180, amounts exact. */
export function csvOf(lines: readonly LineFieldsFragment[]): string {
  const rows = lines.map((line) => COLUMNS.map((column) => cell(column, line[column])).join(','));
  return `${[COLUMNS.join(','), ...rows].join('\r\n')}\r\n`;
}

function cell(column: (typeof COLUMNS)[number], value: string | number | null | undefined): string {
  const text = String(value ?? '');
  // A spreadsheet would run what somebody wrote as a description; an apostrophe keeps it text.
  const safe = column === 'description' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
