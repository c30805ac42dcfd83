import { useId } from 'react';

interface Props<Value extends string> {
  label: string;
  values: Record<Value, string>;
  value: Value;
  onChange: (value: Value) => void;
}

/** One of a few; radio buttons, so that arrow keys choose. */
export function Segments<Value extends string>({ label, values, value, onChange }: Props<Value>) {
  const name = useId();
  return (
    <div className="segments" role="radiogroup" aria-label={label}>
      {(Object.keys(values) as Value[]).map((one) => (
        <label key={one}>
          <input type="radio" name={name} checked={one === value} onChange={() => onChange(one)} />
          <span>{values[one]}</span>
        </label>
      ))}
    </div>
  );
}
