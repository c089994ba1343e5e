/** Sizes, times and names as people read them. Pure. */
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Four characters of number at most: `999 B`, `1.5 KiB`, `12 MiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const isRound = unit === 0 || value >= 9.95;
  return `${isRound ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export const rateText = (bytesPerSecond: number): string => `${sizeText(bytesPerSecond)}/s`;

/** `0:07`, `12:34`, `3:05:00`, `4 d 3 h`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor((whole % 86_400) / 3600)];
  if (days > 0) return `${days} d ${hours} h`;
  const [minutes, rest] = [Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `2026-01-31 12:00:05`, by UTC. */
export const timeText = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** Names are foreign: on a terminal no byte of them may move the cursor or turn the text around. */
export const printable = (name: string): string =>
  name.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd');
