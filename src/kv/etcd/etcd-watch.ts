import type { Timers } from '#io/world.ts';
import type { KeySpan, Watch, WatchEvent, WatchHandlers } from '../kv.ts';
import type { GrpcStream } from './grpc-channel.ts';
import type { Member } from './members.ts';
import { methods } from './methods.ts';
import { watchRequest } from './requests.ts';
import { type WatchResponse, watchResponse } from './responses.ts';

/** One watch on one member, on a stream of its own. It ends with the stream and isn't resumed. */
export class EtcdWatch implements Watch {
  readonly #member: Member;
  readonly #handlers: WatchHandlers;
  readonly #revisionBase: number;
  readonly #stream: GrpcStream;
  readonly #creation: { cancel(): void };
  #ended = false;

  constructor(
    deps: { timers: Timers; member: Member },
    options: {
      span: KeySpan;
      fromRevision: number;
      revisionBase: number;
      createTimeoutMs: number;
      handlers: WatchHandlers;
    },
  ) {
    this.#member = deps.member;
    this.#handlers = options.handlers;
    this.#revisionBase = options.revisionBase;
    this.#member.watches++;
    this.#creation = deps.timers.after(options.createTimeoutMs, () =>
      this.#end(`${this.#member.endpoint} did not begin the watch in time`),
    );
    const { span, fromRevision, revisionBase } = options;
    const request = watchRequest(span, fromRevision, revisionBase);
    this.#stream = this.#member.channel.stream(methods.watch, request, {
      onMessage: (message) => this.#take(message),
      onEnd: (failure) => this.#end(failure?.message ?? 'ended by etcd'),
    });
  }

  close(): void {
    this.#end('closed');
  }

  #take(message: Buffer): void {
    if (this.#ended) return;
    let response: WatchResponse;
    try {
      response = watchResponse(message, this.#revisionBase);
    } catch (error) {
      this.#end(`unreadable: ${String(error)}`);
      return;
    }
    const { created, canceled, compactRevision, cancelReason, events } = response;
    if (created) this.#creation.cancel();
    if (compactRevision > 0) this.#end(`compacted up to revision ${compactRevision}`);
    else if (canceled) this.#end(cancelReason || 'canceled by etcd');
    for (const group of byRevision(events)) {
      if (this.#ended) return;
      this.#handlers.onEvents(group, group[0].entry.modRevision);
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#member.watches--;
    this.#creation.cancel();
    this.#stream.cancel();
    this.#handlers.onEnd(reason);
  }
}

type Events = readonly [WatchEvent, ...WatchEvent[]];

function byRevision(events: readonly WatchEvent[]): Events[] {
  const groups: [WatchEvent, ...WatchEvent[]][] = [];
  for (const event of events) {
    const group = groups.at(-1);
    if (group?.[0].entry.modRevision === event.entry.modRevision) group.push(event);
    else groups.push([event]);
  }
  return groups;
}
