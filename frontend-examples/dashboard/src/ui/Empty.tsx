import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon';

/** Nothing to show, and why. */
export function Empty({
  icon = 'inbox',
  title,
  children,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className="empty">
      <Icon name={icon} size={28} />
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}
