/** `20241201_001`: a day, and the run of that day. */
const PERIOD = /^(\d{8})_(\d{3})$/;

export function periodProblem(text: string): string | undefined {
  return PERIOD.test(text) ? undefined : 'A period is a day and a number, such as 20241201_001.';
}

/** The one so many runs later on the same day; nothing where there is none. */
export function beside(period: string, steps: number): string | undefined {
  const [, day, run] = PERIOD.exec(period) ?? [];
  const next = Number(run) + steps;
  return day && next >= 1 && next <= 999 ? `${day}_${String(next).padStart(3, '0')}` : undefined;
}

const KEPT_AS = 'wallet-dashboard.period';

/** What was looked at last; at first, the one that demos and seeds begin with. */
export function lastPeriod(): string {
  return localStorage.getItem(KEPT_AS) ?? '20241201_001';
}

export function rememberPeriod(period: string) {
  localStorage.setItem(KEPT_AS, period);
}
