import type { LedgerSearch } from '@/app/router';
import type { TransactionType } from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { TextField } from '@/ui/Field';
import { TRANSACTION_TYPES, words } from '@/ui/words';

interface Props {
  search: LedgerSearch;
  onChange: (search: LedgerSearch) => void;
}

export function LedgerFilters({ search, onChange }: Props) {
  const { types = [], from, to } = search;
  // Another filter is another list, whose pages begin anew.
  const filter = (changed: LedgerSearch) => onChange({ types: search.types, from, to, ...changed });
  const toggle = (type: TransactionType) => {
    const next = types.includes(type) ? types.filter((one) => one !== type) : [...types, type];
    filter({ types: next.length > 0 ? next : undefined });
  };
  return (
    <div className="toolbar">
      <fieldset className="chips">
        <legend className="visually-hidden">Kinds of lines</legend>
        {TRANSACTION_TYPES.map((type) => (
          <label key={type}>
            <input type="checkbox" checked={types.includes(type)} onChange={() => toggle(type)} />
            <span>{words(type)}</span>
          </label>
        ))}
      </fieldset>
      <TextField
        small
        label="From"
        type="date"
        value={from ?? ''}
        max={to}
        onChange={(event) => filter({ from: event.target.value || undefined })}
      />
      <TextField
        small
        label="To"
        type="date"
        value={to ?? ''}
        min={from}
        onChange={(event) => filter({ to: event.target.value || undefined })}
      />
      {(types.length > 0 || from || to) && (
        <Button size="small" look="plain" onClick={() => onChange({})}>
          Clear
        </Button>
      )}
    </div>
  );
}
