import { useStore } from '@/api/store';
import { Button } from '@/ui/Button';
import { chooseTheme, theme, type Theme } from './theme';

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const SAID: Record<Theme, string> = { system: 'as the system has it', light: 'light', dark: 'dark' };
const ICON = { system: 'auto', light: 'sun', dark: 'moon' } as const;

export function ThemeChoice() {
  const chosen = useStore(theme);
  const label = `Colours: ${SAID[chosen]}. Change to ${SAID[NEXT[chosen]]}`;
  return (
    <Button
      look="plain"
      size="icon"
      icon={ICON[chosen]}
      aria-label={label}
      title={label}
      onClick={() => chooseTheme(NEXT[chosen])}
    />
  );
}
