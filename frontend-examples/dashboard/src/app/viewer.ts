import { createContext, use } from 'react';
import type { Live } from '@/api/live';
import type { Role } from '@/gql/graphql';

export interface Viewer {
  uid: string;
  /** The highest role; each may do all that the one before may. */
  role: Role;
  expiresAt: string;
}

const ROLES: readonly Role[] = ['USER', 'OPERATOR', 'ADMIN'];

export function asViewer(answer: { uid: string; roles: Role[]; tokenExpiresAt: string }): Viewer {
  const role = ROLES.findLast((one) => answer.roles.includes(one)) ?? 'USER';
  return { uid: answer.uid, role, expiresAt: answer.tokenExpiresAt };
}

export function atLeast(viewer: Viewer, role: Role): boolean {
  return ROLES.indexOf(viewer.role) >= ROLES.indexOf(role);
}

export const ViewerContext = createContext<Viewer | undefined>(undefined);
export const LiveContext = createContext<Live | undefined>(undefined);

export function useViewer(): Viewer {
  const viewer = use(ViewerContext);
  if (!viewer) throw new Error('a page outside of SignedIn');
  return viewer;
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (!live) throw new Error('a page outside of SignedIn');
  return live;
}
