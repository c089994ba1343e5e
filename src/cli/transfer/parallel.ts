/** Runs over many things, so many at a time; the next is fetched when there is room for it. */
export async function parallelly<T>(
  things: AsyncIterable<T>,
  atATime: number,
  run: (thing: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const thing of things) {
    const one: Promise<void> = run(thing)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= atATime) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
