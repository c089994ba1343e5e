/** The pages under `/-/`: is it alive, is it ready, what does it see, what has it done. */
import { queryArguments } from '../arguments.ts';
import { type Call, type Endpoint, respondJson } from '../call.ts';
import { openapi } from '../openapi.ts';
import { HttpProblem } from '../problem.ts';
import { refuseBody } from './get.ts';
import { answerPage } from './page.ts';

const plain = (run: (call: Call) => void | Promise<void>): Endpoint => {
  return async (call) => {
    queryArguments(call, {});
    refuseBody(call);
    await run(call);
  };
};

/** That it answers at all says that the loop turns. */
export const health = plain(({ exchange }) => respondJson(exchange, { status: 'ok' }));

export const ready = plain(({ exchange, services }) => {
  const reason = services.status.notReadyReason();
  if (reason !== undefined) throw new HttpProblem('not_ready', reason);
  respondJson(exchange, { status: 'ready' });
});

export const cluster = plain(async ({ exchange, services }) =>
  respondJson(exchange, await services.status.describe()),
);

const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';
const metricsType = ['Content-Type', metricsContentType, 'Cache-Control', 'no-store'];

export const metrics = plain(async ({ exchange, services }) => {
  if (services.metrics === undefined) {
    throw new HttpProblem('page_not_found', 'Metrics are switched off on this node.');
  }
  exchange.respond(200, metricsType, await services.metrics());
});

export const describeApi = plain(({ exchange }) => respondJson(exchange, openapi));

/** A page that was handed in, or none. */
export const page = plain(answerPage);
