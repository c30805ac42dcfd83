import { createStore, useStore } from '@/api/store';
import { Button } from './Button';
import { Icon } from './Icon';

interface Toast {
  id: number;
  tone: 'good' | 'bad';
  title: string;
  text?: string;
}

const SHOWN_MS = 7_000;
// One at a time: more would cover what they are about.
const shown = createStore<Toast | undefined>(undefined);
let last = 0;

/** Says that something was done, in passing. */
export function toast(title: string, text?: string, tone: Toast['tone'] = 'good') {
  const id = (last += 1);
  shown.set({ id, tone, title, text });
  setTimeout(() => shown.get()?.id === id && dismiss(), SHOWN_MS);
}

const dismiss = () => shown.set(undefined);

export function Toasts() {
  const now = useStore(shown);
  return (
    <div className="toasts" role="status">
      {now && (
        <div key={now.id} className="toast" data-tone={now.tone}>
          <Icon name={now.tone === 'good' ? 'check' : 'warning'} />
          <div>
            <strong>{now.title}</strong>
            {now.text && <p>{now.text}</p>}
          </div>
          <Button look="plain" size="icon" icon="close" aria-label="Dismiss" onClick={dismiss} />
        </div>
      )}
    </div>
  );
}
