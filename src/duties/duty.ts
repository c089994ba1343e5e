/** One background duty: bounded units of work, called again and again by the runner. */
export interface Duty {
  readonly name: string;
  /** One bounded unit. 'busy': there is more, call again soon. 'idle': nothing to do now. */
  step(signal: AbortSignal): Promise<'busy' | 'idle'>;
  /** For status: small, JSON. */
  progress?(): unknown;
}
