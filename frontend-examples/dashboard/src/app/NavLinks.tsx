import { Link } from '@tanstack/react-router';
import { Icon } from '@/ui/Icon';
import { pagesOf } from './pages';
import { useViewer } from './viewer';

export function NavLinks() {
  const viewer = useViewer();
  return pagesOf(viewer).map(({ to, label, icon }) => (
    <Link
      key={to}
      to={to}
      params={{ uid: viewer.uid }}
      activeOptions={{ includeSearch: false }}
      activeProps={{ 'aria-current': 'page' }}
    >
      <Icon name={icon} />
      {label}
    </Link>
  ));
}
