import { useRef, useState } from 'react';
import { useClient, type TypedDocumentNode } from 'urql';
import { faultOf, isUncertain, sentence, type Fault } from './faults';
import { freshKey } from './key';

/** What every mutation's payload has. */
export interface Payload {
  operation?: { replayed: boolean } | null;
  errors: { code: string; message: string; path?: string[] | null }[];
}

/** Why nothing was done, where it belongs. */
export interface Refusal {
  /** By the input's field. */
  fields: Record<string, string>;
  /** What belongs to no field. */
  form?: string;
  /** Whether it may have been done all the same: try again, nothing is done twice. */
  uncertain?: boolean;
  requestId?: string;
}

/** Hands one operation to the service. A double click, and a second try after an answer was lost,
    go out under the key of the first: the service does them once. */
export function useSubmit<Data, Input extends { idempotencyKey: string }>(
  document: TypedDocumentNode<Data, { input: Input }>,
  pick: (data: Data) => Payload,
) {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const pending = useRef<{ text: string; key: string }>(undefined);
  const underWay = useRef(false);

  async function submit(input: Omit<Input, 'idempotencyKey'>): Promise<Data | undefined> {
    if (underWay.current) return undefined;
    underWay.current = true;
    setBusy(true);
    setRefusal(undefined);
    const text = JSON.stringify(input);
    if (pending.current?.text !== text) pending.current = { text, key: freshKey() };
    const withKey = { ...input, idempotencyKey: pending.current.key } as Input;
    const { data, error } = await client.mutation(document, { input: withKey });
    underWay.current = false;
    setBusy(false);
    if (error || !data) {
      const fault = error ? faultOf(error) : { message: 'No answer came.' };
      if (!isUncertain(fault)) pending.current = undefined;
      setRefusal(faultRefusal(fault));
      return undefined;
    }
    // Whatever was answered is this key's answer for ever.
    pending.current = undefined;
    const { errors } = pick(data);
    if (errors.length > 0) setRefusal(refusalOf(errors));
    return errors.length > 0 ? undefined : data;
  }

  return { submit, busy, refusal, clear: () => setRefusal(undefined) };
}

function faultRefusal(fault: Fault): Refusal {
  const uncertain = isUncertain(fault);
  const advice = uncertain ? ' Try again: it is done once, however often you ask.' : '';
  return { fields: {}, form: fault.message + advice, uncertain, requestId: fault.requestId };
}

function refusalOf(errors: Payload['errors']): Refusal {
  const refusal: Refusal = { fields: {} };
  for (const { message, path } of errors) {
    const field = path?.at(-1);
    if (field) refusal.fields[field] ??= sentence(message);
    else refusal.form ??= sentence(message);
  }
  return refusal;
}
