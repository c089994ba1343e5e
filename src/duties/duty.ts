/** One background duty: bounded units of work, called again and again by the runner. */
export interface Duty {
  readonly name: string;
  /**
   * One bounded unit. 'busy': there is more, call again soon. 'rested': the same, after a long unit
   * that has rested in between as the brake says. 'idle': nothing to do now.
   */
  step(signal: AbortSignal): Promise<'busy' | 'rested' | 'idle'>;
  /** What it does now can wait: it yields more to clients. */
  readonly isPatient?: boolean;
  /** For status: small, JSON. */
  progress?(): unknown;
}
