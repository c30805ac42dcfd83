import { useState, type FormEvent } from 'react';
import { Button } from '@/ui/Button';
import { TextField } from '@/ui/Field';
import { beside, periodProblem, rememberPeriod } from './periods';

/** One period, and the ones beside it. */
export function PeriodPicker({ period, onPick }: { period: string; onPick: (period: string) => void }) {
  const [problem, setProblem] = useState<string>();
  const pick = (next: string) => {
    rememberPeriod(next);
    onPick(next);
  };
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget).get('period')).trim();
    const found = periodProblem(typed);
    setProblem(found);
    if (!found) pick(typed);
  }
  const [before, after] = [beside(period, -1), beside(period, 1)];
  return (
    <form className="toolbar" onSubmit={submit} noValidate>
      <TextField
        label="Period"
        name="period"
        defaultValue={period}
        placeholder="20241201_001"
        problem={problem}
      />
      <div className="buttons">
        <Button type="submit">Show</Button>
        <Button
          look="plain"
          size="icon"
          icon="left"
          aria-label="The period before"
          disabled={!before}
          onClick={() => before && pick(before)}
        />
        <Button
          look="plain"
          size="icon"
          icon="right"
          aria-label="The next period"
          disabled={!after}
          onClick={() => after && pick(after)}
        />
      </div>
    </form>
  );
}
