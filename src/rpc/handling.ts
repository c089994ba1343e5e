/** What a process does with a call, whether it came over a socket or from itself. */
import { DftfsError } from '#base/errors.ts';
import type { NodeId } from '#base/ids.ts';
import type { Deadlines, Expiring } from './deadlines.ts';
import {
  type Body,
  type HandlerContext,
  pingMethod,
  type RpcHandler,
  type RpcHandlers,
} from './rpc.ts';

/** The service's handlers with those that every process has. */
export function handlerTable(
  handlers: RpcHandlers,
  incarnation: string,
): ReadonlyMap<string, RpcHandler> {
  return new Map([
    ...Object.entries(handlers),
    [pingMethod, async () => ({ head: { incarnation } })],
  ]);
}

export interface Handled {
  readonly head: unknown;
  readonly body: Body;
}

export async function handleCall(
  table: ReadonlyMap<string, RpcHandler>,
  method: unknown,
  head: unknown,
  body: Body,
  context: HandlerContext,
): Promise<Handled> {
  const handler = table.get(method as string);
  if (handler === undefined) {
    throw new DftfsError('invalid_message', `This node has no method ${String(method)}.`, {
      outcome: 'none',
    });
  }
  const reply = await handler(head, body, context);
  return { head: reply.head, body: reply.body ?? [] };
}

/**
 * The context of one call. An AbortController costs as much as the rest of a small call, and most
 * handlers never look: it is made, and its deadline watched, when it is first asked for.
 */
export class RunningCall implements HandlerContext, Expiring {
  readonly peer: NodeId;
  readonly deadlineAt: number;
  readonly #deadlines: Deadlines;
  #controller: AbortController | undefined;
  #ended: DftfsError | undefined;

  constructor(peer: NodeId, deadlineAt: number, deadlines: Deadlines) {
    this.peer = peer;
    this.deadlineAt = deadlineAt;
    this.#deadlines = deadlines;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#ended === undefined) this.#deadlines.add(this);
      else this.#controller.abort(this.#ended);
    }
    return this.#controller.signal;
  }

  /** Nobody waits for the answer any more. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  end(reason: DftfsError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#deadlines.remove(this);
    this.#controller?.abort(reason);
  }

  /** The handler is through. */
  finish(): void {
    if (this.#controller !== undefined) this.#deadlines.remove(this);
  }

  expire(): void {
    this.end(new DftfsError('deadline_exceeded', 'The caller no longer waits for this.'));
  }
}
