/** A state in a word, with a shape and a colour. */
import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.tsx';

export interface BadgeProps {
  readonly tone: 'good' | 'warn' | 'bad' | 'plain';
  readonly icon?: IconName;
  readonly children: ComponentChildren;
}

export const Badge = ({ tone, icon, children }: BadgeProps) => (
  <span class={`badge ${tone}`}>
    {icon !== undefined && <Icon name={icon} />}
    {children}
  </span>
);
