/** Events by time; of two at one time the one that was added first. */
export interface TimedEvent {
  readonly at: number;
  readonly order: number;
}

const isBefore = (a: TimedEvent, b: TimedEvent): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

export class EventHeap<T extends TimedEvent> {
  readonly #events: T[] = [];

  get size(): number {
    return this.#events.length;
  }

  push(event: T): void {
    const events = this.#events;
    let index = events.length;
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = events[parent] as T;
      if (!isBefore(event, above)) break;
      events[index] = above;
      index = parent;
    }
    events[index] = event;
  }

  pop(): T | undefined {
    const events = this.#events;
    const first = events[0];
    const last = events.pop();
    if (last === undefined || events.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= events.length) break;
      const right = events[child + 1];
      if (right !== undefined && isBefore(right, events[child] as T)) child += 1;
      if (!isBefore(events[child] as T, last)) break;
      events[index] = events[child] as T;
      index = child;
    }
    events[index] = last;
    return first;
  }
}
