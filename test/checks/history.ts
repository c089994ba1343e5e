/** What clients did and what they were told: the record that checks judge. */

export type Call =
  | {
      readonly verb: 'create';
      readonly path: string;
      readonly value: string;
      readonly request: string;
    }
  | { readonly verb: 'get' | 'exists'; readonly path: string }
  | { readonly verb: 'remove'; readonly path: string; readonly request: string }
  | {
      readonly verb: 'copy' | 'move';
      readonly path: string;
      readonly to: string;
      readonly request: string;
    };

/**
 * 'done': it succeeded; of a get, with this value. 'missing': there is no such path. 'taken': the
 * new path exists already. 'unknown': it may have happened, or may yet.
 */
export interface Result {
  readonly kind: 'done' | 'missing' | 'taken' | 'unknown';
  readonly value?: string;
}

/** One try. Tries of one request, made by a client that was left without an answer, share a key. */
export interface Operation {
  readonly id: number;
  readonly client: string;
  readonly call: Call;
  readonly result: Result;
  readonly calledAt: number;
  /** Infinity: nobody was told. */
  readonly returnedAt: number;
}

export const pathsOf = (call: Call): readonly string[] =>
  call.verb === 'copy' || call.verb === 'move' ? [call.path, call.to] : [call.path];

export function describeCall(call: Call): string {
  const { verb } = call;
  if (verb === 'create') return `create ${call.path} ← ${call.value}`;
  if (verb === 'copy' || verb === 'move') return `${verb} ${call.path} → ${call.to}`;
  return `${verb} ${call.path}`;
}

export const describeResult = ({ kind, value }: Result): string =>
  value === undefined ? kind : `${kind}: ${value}`;
