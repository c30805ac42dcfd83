import type { ButtonHTMLAttributes } from 'react';
import { Icon, type IconName } from './Icon';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'primary' | 'danger' | 'plain';
  size?: 'small' | 'icon';
  icon?: IconName;
}

export function Button({ look, size, icon, children, className = '', type = 'button', ...rest }: Props) {
  return (
    <button className={`button ${className}`} data-look={look} data-size={size} type={type} {...rest}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}
