import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react';
import { Icon } from './Icon';

interface Around {
  label: string;
  hint?: ReactNode;
  problem?: string;
}

function useDescribed({ hint, problem }: Pick<Around, 'hint' | 'problem'>) {
  const id = useId();
  const ids = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean);
  return {
    id,
    described: {
      id,
      'aria-describedby': ids.join(' ') || undefined,
      'aria-invalid': problem ? true : undefined,
    },
  };
}

function Frame({ id, label, hint, problem, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {problem && (
        <span className="problem" id={`${id}-problem`}>
          <Icon name="warning" size={16} />
          {problem}
        </span>
      )}
    </div>
  );
}

type TextProps = Around & { unit?: string; small?: boolean } & InputHTMLAttributes<HTMLInputElement>;

export function TextField({ label, hint, problem, unit, small, className = '', ...rest }: TextProps) {
  const { id, described } = useDescribed({ hint, problem });
  const input = (
    <input
      className={`input ${className}`}
      data-size={small ? 'small' : undefined}
      autoComplete="off"
      spellCheck={false}
      {...rest}
      {...described}
    />
  );
  return (
    <Frame {...{ id, label, hint, problem }}>
      {unit ? (
        <div className="with-unit">
          {input}
          <span aria-hidden="true">{unit}</span>
        </div>
      ) : (
        input
      )}
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  problem,
  ...rest
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { id, described } = useDescribed({ hint, problem });
  return (
    <Frame {...{ id, label, hint, problem }}>
      <textarea className="input" {...rest} {...described} />
    </Frame>
  );
}

export function Select({
  label,
  hint,
  problem,
  small,
  ...rest
}: Around & { small?: boolean } & SelectHTMLAttributes<HTMLSelectElement>) {
  const { id, described } = useDescribed({ hint, problem });
  return (
    <Frame {...{ id, label, hint, problem }}>
      <select className="input" data-size={small ? 'small' : undefined} {...rest} {...described} />
    </Frame>
  );
}
