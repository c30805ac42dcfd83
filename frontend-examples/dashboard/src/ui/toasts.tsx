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
const MOST = 3;
const toasts = createStore<Toast[]>([]);
let last = 0;

/** Says that something was done, in passing. */
export function toast(title: string, text?: string, tone: Toast['tone'] = 'good') {
  const id = (last += 1);
  toasts.set([...toasts.get(), { id, tone, title, text }].slice(-MOST));
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number) {
  toasts.set(toasts.get().filter((one) => one.id !== id));
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div className="toasts" role="status">
      {shown.map(({ id, tone, title, text }) => (
        <div key={id} className="toast" data-tone={tone}>
          <Icon name={tone === 'good' ? 'check' : 'warning'} />
          <div>
            <strong>{title}</strong>
            {text && <p>{text}</p>}
          </div>
          <Button look="plain" size="icon" icon="close" aria-label="Dismiss" onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
