/**
 * Structured logs: one JSON line an event. Events are short constant phrases; what varies goes into
 * fields. What is logged while a client's request is being served carries the request's id, on
 * whichever node.
 */
import { currentScope } from './request-scope.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** The same log with `fields` in every line. */
  with(fields: LogFields): Logger;
}

const severity: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Errors show their message and code; what else can't be shown as JSON shows as text. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { code } = value as Error & { code?: unknown };
    return { message: value.message, ...(code === undefined ? {} : { code }), stack: value.stack };
  }
  return typeof value === 'bigint' ? String(value) : value;
}

export function createLogger(
  write: (line: string) => void,
  wall: () => number,
  minimum: LogLevel = 'info',
  fields: LogFields = {},
): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, more: LogFields = {}) => {
      if (severity[level] < severity[minimum]) return;
      const time = new Date(wall()).toISOString();
      const line = { time, level, event, ...fields, ...requestFields(), ...more };
      write(`${JSON.stringify(line, plain)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (more) => createLogger(write, wall, minimum, { ...fields, ...more }),
  };
}

function requestFields(): LogFields {
  const scope = currentScope();
  if (scope === undefined) return {};
  const { request, span } = scope;
  return span === undefined ? { request } : { request, trace: span.traceId };
}

export const silentLogger: Logger = createLogger(
  () => {},
  () => 0,
);
