import { useEffect, useState } from 'react';
import type { Role } from '@/gql/graphql';
import { Icon } from '@/ui/Icon';
import { signIn } from './session';

interface Offer {
  role: Role;
  uid: string;
  token: string;
}

const MAY: Record<Role, string> = {
  USER: 'Sees and moves only their own money',
  OPERATOR: 'Acts on any wallet and order',
  ADMIN: 'Cache and releasing locks too',
};

/** In a demo the service hands out tokens; elsewhere this is empty. */
export function Offers() {
  const [offers, setOffers] = useState<Offer[]>([]);
  useEffect(() => {
    const gone = new AbortController();
    // Without an answer there is still the field for a token.
    readOffers(gone.signal).then(setOffers, () => {});
    return () => gone.abort();
  }, []);
  if (offers.length === 0) return null;
  return (
    <>
      <div className="offers" role="group" aria-label="Tokens of this demo">
        {offers.toReversed().map((offer) => (
          <button key={offer.role} className="offer" type="button" onClick={() => signIn(offer.token)}>
            <div>
              <strong>Continue as {offer.role}</strong>
              <span className="quiet small">
                <span className="nowrap">{offer.uid}</span> · {MAY[offer.role]}
              </span>
            </div>
            <Icon name="right" size={16} />
          </button>
        ))}
      </div>
      <div className="rule">or with a token of your own</div>
    </>
  );
}

async function readOffers(signal: AbortSignal): Promise<Offer[]> {
  const answer = await fetch('/demo/tokens', { signal, headers: { accept: 'application/json' } });
  return answer.ok ? answer.json() : [];
}
