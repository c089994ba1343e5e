/** What a process shows of itself over TLS, and whom it believes. All as PEM. */
export interface TlsIdentity {
  /** Those whose signature counts; several while one takes over from another. */
  readonly authorities: string;
  readonly certificate: string;
  readonly key: string;
}

/** An identity that may be exchanged for a newer one while the process runs. */
export interface TlsSource {
  readonly current: TlsIdentity;
  /** Calls `take` with each newer one. Connections that are open stay as they are. */
  follow(take: (identity: TlsIdentity) => void): void;
}
