import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { Refusal } from '@/api/useSubmit';
import { Button } from './Button';
import { Note } from './Note';

export type Values = Record<string, string>;
export type Problems = Record<string, string | undefined>;

interface Props {
  action: string;
  danger?: boolean;
  /** The button stands beside the field, where there is room. */
  inline?: boolean;
  busy: boolean;
  refusal?: Refusal;
  /** What is wrong with what was typed, by field. */
  check: (values: Values) => Problems;
  onSubmit: (values: Values) => void;
  onCancel?: () => void;
  children: (problem: (field: string) => string | undefined) => ReactNode;
}

/** A form that changes something: what is wrong stands at its field, and the first such field is
    where the keyboard goes. */
export function OperationForm({
  action,
  danger,
  inline,
  busy,
  refusal,
  check,
  onSubmit,
  onCancel,
  children,
}: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [typed, setTyped] = useState<Problems>({});
  // What the service refused at a field that this form does not have; it is told all the same.
  const [elsewhere, setElsewhere] = useState<string>();

  useEffect(() => {
    const has = (field: string) => form.current?.elements.namedItem(field);
    setElsewhere(Object.entries(refusal?.fields ?? {}).find(([field]) => !has(field))?.[1]);
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [typed, refusal]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values: Values = {};
    for (const [name, value] of new FormData(event.currentTarget)) values[name] = String(value).trim();
    const found = check(values);
    setTyped(found);
    if (Object.values(found).every((problem) => problem === undefined)) onSubmit(values);
  }

  const said = refusal?.form ?? elsewhere;

  return (
    <form ref={form} className="form" data-inline={inline} onSubmit={submit} noValidate>
      {said && (
        <Note tone="bad">
          {said}
          {refusal?.requestId && (
            <div className="small">
              Request <span className="mono">{refusal.requestId}</span>
            </div>
          )}
        </Note>
      )}
      {children((field) => typed[field] ?? refusal?.fields[field])}
      <div className="dialog-foot">
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button type="submit" look={danger ? 'danger' : 'primary'} disabled={busy}>
          {busy ? 'Working…' : refusal?.uncertain ? 'Try again' : action}
        </Button>
      </div>
    </form>
  );
}

/** A text that must be there, and no longer than the service takes. */
export function textProblem(value: string | undefined, what: string, most = 500): string | undefined {
  if (!value) return `Enter ${what}.`;
  return value.length > most ? `At most ${most} characters.` : undefined;
}

export function uidProblem(value: string | undefined): string | undefined {
  if (!value) return 'Enter a uid.';
  return /\s/.test(value) ? 'A uid has no spaces.' : undefined;
}
