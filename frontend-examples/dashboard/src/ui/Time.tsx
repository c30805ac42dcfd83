import { useEffect, useState } from 'react';

const DATE = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const THIS_YEAR = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** An instant, in the reader's zone. */
export function Time({ at, clock }: { at: string; clock?: boolean }) {
  const date = new Date(at);
  const format = date.getFullYear() === new Date().getFullYear() ? THIS_YEAR : DATE;
  return (
    <time dateTime={at} title={DATE.format(date)}>
      {(clock ? CLOCK : format).format(date)}
    </time>
  );
}

/** How long ago it was, kept true. */
export function Ago({ at }: { at: string }) {
  const now = useNow(1_000);
  return (
    <time dateTime={at} title={DATE.format(new Date(at))}>
      {ago(now - Date.parse(at))}
    </time>
  );
}

export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 2) return 'just now';
  return `${duration(seconds)} ago`;
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}
