import { Navigate } from '@tanstack/react-router';
import { pagesOf } from './pages';
import { useViewer } from './viewer';

export function First() {
  const viewer = useViewer();
  const to = pagesOf(viewer)[0]?.to ?? '/orders';
  return <Navigate to={to} params={{ uid: viewer.uid }} replace />;
}
