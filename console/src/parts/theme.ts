/** Light, dark, or as the system has it. The choice is kept for the next visit. */
import { signal } from '@preact/signals';

export type Theme = 'auto' | 'light' | 'dark';

const key = 'dftfs-console-theme';
const order: readonly Theme[] = ['auto', 'light', 'dark'];
const darkSystem = matchMedia('(prefers-color-scheme: dark)');

const isTheme = (value: unknown): value is Theme => order.includes(value as Theme);

/** A browser may keep nothing. */
function stored(): Theme {
  try {
    const kept = localStorage.getItem(key);
    return isTheme(kept) ? kept : 'auto';
  } catch {
    return 'auto';
  }
}

export const theme = signal<Theme>(stored());
/** What is shown now; charts are drawn anew when it changes. */
export const shade = signal<'light' | 'dark'>('light');

export function applyTheme(): void {
  const apply = () => {
    const system = darkSystem.matches ? 'dark' : 'light';
    shade.value = theme.value === 'auto' ? system : theme.value;
    document.documentElement.dataset.theme = shade.value;
  };
  darkSystem.addEventListener('change', apply);
  theme.subscribe(apply);
}

export function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] as Theme;
  try {
    localStorage.setItem(key, theme.value);
  } catch {
    // Then it holds for this visit.
  }
}
