import type { Refusal } from '@/api/useSubmit';
import { TextArea } from './Field';
import { OperationForm, textProblem } from './OperationForm';

interface Props {
  action: string;
  danger?: boolean;
  /** Where the reason can be read later. */
  hint: string;
  busy: boolean;
  refusal?: Refusal;
  onSubmit: (reason: string) => void;
  onCancel: () => void;
}

/** Something out of the ordinary, for which a reason is asked and kept. */
export function ReasonForm({ hint, onSubmit, ...form }: Props) {
  return (
    <OperationForm
      {...form}
      onSubmit={({ reason = '' }) => onSubmit(reason)}
      check={(values) => ({ reason: textProblem(values.reason, 'a reason') })}
    >
      {(problem) => <TextArea label="Reason" name="reason" hint={hint} problem={problem('reason')} />}
    </OperationForm>
  );
}
