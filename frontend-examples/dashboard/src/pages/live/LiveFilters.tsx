import { useState } from 'react';
import { amountProblem } from '@/money/money';
import { TextField } from '@/ui/Field';

interface Search {
  uid?: string;
  min?: string;
}

/** By wallet among what is here; by amount already at the service, which then sends no more. */
export function LiveFilters({ search, onChange }: { search: Search; onChange: (search: Search) => void }) {
  const [typed, setTyped] = useState(search.min ?? '');
  const problem = typed.trim() === '' ? undefined : amountProblem(typed);
  function changeAmount(text: string) {
    setTyped(text);
    const amount = text.trim();
    if (amount === '' || !amountProblem(amount)) onChange({ ...search, min: amount || undefined });
  }
  return (
    <div className="toolbar">
      <TextField
        small
        label="Wallet"
        placeholder="Part of a uid"
        value={search.uid ?? ''}
        onChange={(event) => onChange({ ...search, uid: event.target.value.trim() || undefined })}
      />
      <TextField
        small
        label="At least"
        inputMode="decimal"
        placeholder="Any amount"
        value={typed}
        problem={problem}
        onChange={(event) => changeAmount(event.target.value)}
      />
    </div>
  );
}
