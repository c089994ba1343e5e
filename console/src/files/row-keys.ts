/** Moves the focus between the names of rows. */
const steps: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowDown: (at, last) => Math.min(last, at + 1),
  ArrowUp: (at) => Math.max(0, at - 1),
  Home: () => 0,
  End: (_, last) => last,
};

export function moveAlong(event: KeyboardEvent): void {
  const step = steps[event.key];
  const body = event.currentTarget as HTMLElement;
  const names = [...body.querySelectorAll<HTMLElement>('.entry')];
  const row = (event.target as HTMLElement).closest('tr');
  const at = names.findIndex((name) => name.closest('tr') === row);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  names[step(at, names.length - 1)]?.focus();
}
