/**
 * docs/http.md, from the description that nodes serve at `/-/openapi.json`.
 *
 * Run: `npm run docs:http`.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openapi } from '#gateways/rest/openapi.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description: string;
}

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly description?: string; readonly content?: object };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly security?: readonly object[];
}

const head = `# The HTTP interface

<!-- Made by \`npm run docs:http\` from the description in the code; tests compare it with this page and with the server. -->

The same as OpenAPI 3.1: \`/-/openapi.json\` on every node. Every answer has an \`X-Request-Id\`. What goes wrong is answered as [described here](errors.md);
any request may also be answered 429, 431, 500 or 503. Where tokens are on, requests bring \`Authorization: Bearer …\`, but for the pages
marked *open*. GET has a HEAD with the same answers and no body.
`;

const bodyHint = ' May also come in a form or a JSON object as body.';

export function httpPage(): string {
  const paths = Object.entries(openapi.paths as Readonly<Record<string, object>>);
  const sections = paths.flatMap(([target, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>)
      .filter(([method]) => method !== 'head' || !('get' in methods))
      .map(([method, operation]) => section(target, method, operation)),
  );
  return [head, ...sections].join('\n');
}

function section(target: string, method: string, operation: Operation): string {
  const { summary, parameters = [], requestBody, responses, security } = operation;
  const open = security?.length === 0 ? ' *Open.*' : '';
  const given = parameters.map(({ name, in: place, required, description }) => {
    const said = description.replace(bodyHint, '');
    const where = description.endsWith(bodyHint) ? 'query or body' : place;
    return `| \`${name}\` | ${where}${required ? ', needed' : ''} | ${said} |`;
  });
  const table = given.length > 0 ? ['| argument | in | |', '|---|---|---|', ...given, ''] : [];
  const types = Object.keys(requestBody?.content ?? {}).map((type) => `\`${type}\``);
  const body = types.length > 0 ? [`Body: ${types.join(', ')}.`, ''] : [];
  const answers = Object.entries(responses).map(
    ([status, { description }]) => `| ${status} | ${description} |`,
  );
  return [
    `## ${method.toUpperCase()} ${target}\n`,
    `${summary}${open}\n`,
    ...table,
    ...body,
    ...['| answer | |', '|---|---|', ...answers, ''],
  ].join('\n');
}

export const httpPagePath = path.join(import.meta.dirname, '../http.md');

if (import.meta.main) writeFileSync(httpPagePath, httpPage());
