import type { LedgerSearch } from '@/app/router';
import type { TransactionFilter } from '@/gql/graphql';

/** The days of an address are the reader's own: from the first moment of one to the last of the
    other. */
export function filterOf({ types, from, to }: LedgerSearch): TransactionFilter {
  return { types, from: from && startOf(from, 0), to: to && startOf(to, 1) };
}

function startOf(day: string, plusDays: number): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + plusDays);
  return date.toISOString();
}
