/**
 * Who may be let in without being asked: only processes of the same machine. Any other address
 * needs TLS and tokens, or somebody who says that he wants it so.
 */
export interface Exposure {
  /** Addresses that are listened on. */
  readonly hosts: readonly string[];
  readonly tls: boolean;
  readonly tokens: boolean;
  readonly insecure: boolean;
}

/** Names that a resolver could send elsewhere don't count, but for the one that it must not. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Undefined: it may be. Else what is wrong, in one line; `how` names what would mend it. */
export function exposureProblem(
  { hosts, tls, tokens, insecure }: Exposure,
  how: { readonly tls: string; readonly tokens: string; readonly insecure: string },
): string | undefined {
  const open = hosts.find((host) => !isLoopback(host));
  if (open === undefined || insecure || (tls && tokens)) return undefined;
  const missing = [...(tls ? [] : [how.tls]), ...(tokens ? [] : [how.tokens])].join(' and ');
  return `${open} can be reached from other machines: set ${missing}, or ${how.insecure}`;
}
