import { useStore } from '@/api/store';
import { Toasts } from '@/ui/toasts';
import { session } from './session';
import { SignedIn } from './SignedIn';
import { SignIn } from './SignIn';

export function App() {
  const { token, ending } = useStore(session);
  return (
    <>
      {/* By the token: nothing that one reader was shown is there for the next. */}
      {token ? <SignedIn key={token} token={token} /> : <SignIn ending={ending} />}
      <Toasts />
    </>
  );
}
