import type { OrderStatus } from '@/gql/graphql';
import { Segments } from '@/ui/Segments';
import { words } from '@/ui/words';

const CHOICES = {
  ALL: 'All',
  PENDING: words('PENDING'),
  PAID: words('PAID'),
  COMPLETED: words('COMPLETED'),
  CANCELLED: words('CANCELLED'),
  EXPIRED: words('EXPIRED'),
} satisfies Record<OrderStatus | 'ALL', string>;

export function StatusFilter({
  status,
  onChange,
}: {
  status?: OrderStatus;
  onChange: (status?: OrderStatus) => void;
}) {
  return (
    <Segments
      label="Status"
      values={CHOICES}
      value={status ?? 'ALL'}
      onChange={(next) => onChange(next === 'ALL' ? undefined : next)}
    />
  );
}
