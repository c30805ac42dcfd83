import type { CombinedError } from 'urql';

/** Something went wrong that nobody can mend by typing something else. */
export interface Fault {
  message: string;
  /** Such as `FORBIDDEN`; none when no answer came. */
  code?: string;
  /** What the service's log calls the request by. */
  requestId?: string;
}

interface GraphQLFault {
  message: string;
  extensions?: Record<string, unknown>;
}

/** Nothing was done, for certain: the request was refused before anything was executed. */
const REFUSED_BEFORE = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'BAD_USER_INPUT',
  'RATE_LIMITED',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
];

export function faultOf(error: CombinedError): Fault {
  const first = error.graphQLErrors[0];
  if (first) return graphQLFault(first);
  return { message: 'The service cannot be reached. It may be restarting.' };
}

export function graphQLFault(error: GraphQLFault): Fault {
  const { code, requestId } = error.extensions ?? {};
  return {
    message: sentence(error.message),
    code: typeof code === 'string' ? code : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  };
}

/** Whether a change that was answered with this may have been made all the same. */
export function isUncertain(fault: Fault): boolean {
  return fault.code === undefined || !REFUSED_BEFORE.includes(fault.code);
}

/** The service's messages are lines of a log; people get sentences. */
export function sentence(text: string): string {
  const started = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(started) ? started : `${started}.`;
}
