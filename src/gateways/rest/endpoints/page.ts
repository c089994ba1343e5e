/** Fixed pages under `/-/`: those that were handed in, by their very paths, and nothing else. */
import type { Call } from '../call.ts';
import { HttpProblem } from '../problem.ts';

export function answerPage({ exchange, head, target, services }: Call): void {
  const path = target.folder ? `${target.path}/` : target.path;
  const found = services.pages.get(path);
  if (found === undefined) {
    if (!services.pages.has(`${path}/`)) {
      throw new HttpProblem('page_not_found', `There is no system page ${path}.`);
    }
    exchange.respond(308, ['Location', `${path}/`], '');
    return;
  }
  const headers = ['ETag', found.etag, 'X-Content-Type-Options', 'nosniff', ...found.headers()];
  if (head.headers.get('if-none-match')?.includes(found.etag)) {
    exchange.begin(304, headers)?.end();
    return;
  }
  exchange.respond(200, ['Content-Type', found.contentType, ...headers], found.body);
}
