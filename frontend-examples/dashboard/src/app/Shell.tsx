import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { Suspense, useEffect, useState } from 'react';
import { Button } from '@/ui/Button';
import { PageHead } from '@/ui/Card';
import { FaultNote } from '@/ui/Note';
import { PageSkeleton } from '@/ui/Skeleton';
import { useTitle } from '@/ui/useTitle';
import { Brand } from './Brand';
import { ConnectionStatus } from './ConnectionStatus';
import { NavLinks } from './NavLinks';
import { closedTo } from './pages';
import { signOut } from './session';
import { ThemeChoice } from './ThemeChoice';
import { useViewer } from './viewer';

/** What stands around every page: where to go, who one is, how the connection does. */
export function Shell() {
  const viewer = useViewer();
  const [open, setOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => setOpen(false), [path]);
  const closed = closedTo(viewer, path);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="side" data-open={open}>
        <div className="side-top">
          <Link to="/" className="home" aria-label="Wallets, first page">
            <Brand />
          </Link>
          <Button
            look="plain"
            icon={open ? 'close' : 'menu'}
            aria-expanded={open}
            aria-controls="nav"
            className="menu-button"
            onClick={() => setOpen(!open)}
          >
            Menu
          </Button>
        </div>
        <nav id="nav" className="nav" aria-label="Pages">
          <NavLinks />
        </nav>
        <div className="side-foot">
          <ConnectionStatus />
          <div className="identity">
            <div className="identity-who">
              <strong>{viewer.uid}</strong>
              <span className="quiet small">{viewer.role}</span>
            </div>
            <div className="buttons">
              <ThemeChoice />
              <Button look="plain" size="small" icon="out" onClick={() => signOut()}>
                Sign out
              </Button>
            </div>
          </div>
        </div>
      </header>
      <main className="main" id="main" tabIndex={-1}>
        {closed ? (
          <Closed title={closed.label} />
        ) : (
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        )}
      </main>
    </div>
  );
}

/** Said once: each part of such a page would be refused by itself, or stand there empty. */
function Closed({ title }: { title: string }) {
  useTitle(title);
  return (
    <div className="page">
      <PageHead title={title} />
      <FaultNote fault={{ message: 'Forbidden', code: 'FORBIDDEN' }} />
    </div>
  );
}
