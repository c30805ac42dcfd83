import { useEffect, useState, type FormEvent } from 'react';
import { createHttp } from '@/api/client';
import { faultOf } from '@/api/faults';
import { ViewerDocument } from '@/gql/graphql';
import { Button } from '@/ui/Button';
import { TextArea } from '@/ui/Field';
import { Note } from '@/ui/Note';
import { Brand } from './Brand';
import { Offers } from './Offers';
import { signIn, type Ending } from './session';

const ENDINGS: Record<Ending, string> = {
  expired: 'Your token has ended. Sign in with a new one to go on where you were.',
  refused: 'The service does not take your token any more. Sign in with a new one to go on where you were.',
};

/** A token is all there is to sign in with: it says who one is, and until when. */
export function SignIn({ ending }: { ending?: Ending }) {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Wallets';
  }, []);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get('token');
    const token = String(typed)
      .trim()
      .replace(/^bearer\s+/i, '');
    setBusy(true);
    setProblem(await problemOf(token));
    setBusy(false);
  }

  return (
    <main className="sign-in">
      <div className="card">
        <div className="card-body">
          <Brand />
          <div>
            <h1>Sign in</h1>
            <p className="quiet">Wallets, orders and money that moves, live.</p>
          </div>
          {ending && <Note tone="warn">{ENDINGS[ending]}</Note>}
          <Offers />
          <form onSubmit={submit} noValidate>
            <TextArea
              label="Access token"
              name="token"
              rows={3}
              problem={problem}
              spellCheck={false}
              autoComplete="off"
              className="input mono"
              placeholder="eyJ…"
              hint="A token (JWT) that your provider gave you, with or without “Bearer”."
            />
            <Button look="primary" type="submit" disabled={busy}>
              {busy ? 'Signing in…' : 'Sign in'}
            </Button>
          </form>
        </div>
      </div>
    </main>
  );
}

/** Asks the service who the token is; signs in when it knows. */
async function problemOf(token: string): Promise<string | undefined> {
  if (!token) return 'Paste a token.';
  // Nothing else can stand in a header.
  if (!/^[\w.~+/=-]+$/.test(token)) return 'This is no token: it has characters that no token has.';
  const { data, error } = await createHttp(token, () => {}).query(ViewerDocument, {});
  if (data?.viewer) {
    signIn(token);
    return undefined;
  }
  const fault = error && faultOf(error);
  if (!fault || fault.code === 'UNAUTHENTICATED')
    return 'The service does not take this token: it is not valid, or it has ended.';
  return fault.message;
}
