/**
 * Something the person at the terminal can mend. The message is one plain line: what is wrong, what
 * to do.
 */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}
