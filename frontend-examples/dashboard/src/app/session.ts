// Who is signed in. The token is kept in this browser, so that a second tab is signed in too, and
// signing out in one signs out all.
import { createStore } from '@/api/store';

const KEPT_AS = 'wallet-dashboard.token';

/** Why somebody has to sign in who was signed in before. */
export type Ending = 'expired' | 'refused';

export interface Session {
  token?: string;
  ending?: Ending;
}

export const session = createStore<Session>({ token: localStorage.getItem(KEPT_AS) ?? undefined });

window.addEventListener('storage', (event) => {
  if (event.key !== KEPT_AS) return;
  const token = event.newValue ?? undefined;
  if (token !== session.get().token) session.set({ token });
});

export function signIn(token: string) {
  localStorage.setItem(KEPT_AS, token);
  session.set({ token });
}

/** Who leaves by themselves leaves no place behind: the next one may be somebody else. */
export function signOut(ending?: Ending) {
  localStorage.removeItem(KEPT_AS);
  session.set({ ending });
  if (!ending) window.history.replaceState(null, '', '/');
}
