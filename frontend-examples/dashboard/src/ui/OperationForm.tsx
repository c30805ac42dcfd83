import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { Refusal } from '@/api/useSubmit';
import { Button } from './Button';
import { Note } from './Note';

export type Values = Record<string, string>;
export type Problems = Record<string, string | undefined>;

interface Props {
  action: string;
  danger?: boolean;
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
export function OperationForm({ action, danger, busy, refusal, check, onSubmit, onCancel, children }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [typed, setTyped] = useState<Problems>({});
  const problems: Problems = { ...refusal?.fields, ...typed };

  useEffect(() => {
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

  // What the service refuses at a field that this form does not have is told all the same.
  const shown = new Set<string>();
  const fields = children((field) => {
    shown.add(field);
    return problems[field];
  });
  const elsewhere = Object.entries(refusal?.fields ?? {}).find(([field]) => !shown.has(field))?.[1];
  const said = refusal?.form ?? elsewhere;

  return (
    <form ref={form} onSubmit={submit} noValidate style={{ padding: 0 }}>
      {said && (
        <Note tone="bad">
          {said}
          {refusal?.requestId && <div className="small">Request <span className="mono">{refusal.requestId}</span></div>}
        </Note>
      )}
      {fields}
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
