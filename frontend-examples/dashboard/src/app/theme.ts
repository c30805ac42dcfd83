import { createStore } from '@/api/store';

const KEPT_AS = 'wallet-dashboard.theme';
const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const kept = localStorage.getItem(KEPT_AS);
export const theme = createStore<Theme>(THEMES.find((one) => one === kept) ?? 'system');

export function applyTheme() {
  const chosen = theme.get();
  if (chosen === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

export function chooseTheme(next: Theme) {
  localStorage.setItem(KEPT_AS, next);
  theme.set(next);
  applyTheme();
}
