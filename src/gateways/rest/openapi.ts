/**
 * The interface's description, in OpenAPI 3.1. A test holds it against the router and its
 * answers.
 */
import { release } from '#base/release.ts';
import { schemas } from './openapi-schemas.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly object[];
  readonly security?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const json = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
});

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const failures = {
  '400': problem('A bad request: path, argument or framing. Nothing happened.'),
  '401': problem('No token, or one that is not valid. Where tokens are on.'),
  '403': problem('The token has no right to this.'),
  '404': problem('Nothing has this path or name.'),
  '405': problem('This method is not possible here; see Allow.'),
  '409': problem('The path is taken, or a promise would break. Nothing happened.'),
  '411': problem('Neither Content-Length nor Transfer-Encoding: chunked.'),
  '412': problem('A precondition does not hold.'),
  '413': problem('Too large.'),
  '414': problem('The path is over 1,024 bytes.'),
  '416': problem('No byte of the file is in the range.'),
  '422': problem('A digest does not match, or a key came with another request.'),
  '429': problem('The token has too many requests under way. See Retry-After.'),
  '503': problem('Not now: overloaded, or too few processes alive. See Retry-After and outcome.'),
  '507': problem('No space.'),
} as const;

const failing = (...statuses: readonly (keyof typeof failures)[]) =>
  Object.fromEntries(statuses.map((status) => [status, failures[status]]));

const inPath = {
  name: 'path',
  in: 'path',
  required: true,
  description: 'The path, its slashes as they are, anything else percent-encoded.',
  schema: { type: 'string' },
};
const inNode = { ...inPath, name: 'node', description: 'The name of a node.' };
const inQuery = (name: string, description: string, required = false, type = 'string') => ({
  name,
  in: 'query',
  required,
  description: `${description} May also come in a form or a JSON object as body.`,
  schema: { type },
});
const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});

const key = header('Idempotency-Key', 'Makes a retry of a success a success, with the same token.');
const pathArgument = inQuery('path', 'The path.', true);
const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };

const fileAnswers = {
  '200': { description: 'The file.', content: bytes },
  '206': { description: 'The range of the file.', content: bytes },
  '304': { description: 'As the client has it.' },
};
const page = { '200': { description: 'The page.' } };

/** What may come of any request that has to show a token. */
const denials = failing('401', '403', '429');

const operation = (
  operationId: string,
  summary: string,
  parameters: readonly object[],
  responses: Readonly<Record<string, object>>,
  requestBody?: object,
): Operation => ({
  operationId,
  summary,
  parameters,
  responses: { ...responses, ...denials },
  ...(requestBody ? { requestBody } : {}),
});

/** Nobody is asked who he is. */
const open = (id: string, summary: string, responses: Readonly<Record<string, object>>) => ({
  get: { operationId: id, summary, security: [], responses },
  head: { operationId: `${id}Head`, summary, security: [], responses },
});

/** GET, and HEAD with the same answers but no body. */
const reading = (
  id: string,
  summary: string,
  parameters: readonly object[],
  responses: Readonly<Record<string, object>>,
) => ({
  get: operation(id, summary, parameters, responses),
  head: operation(`${id}Head`, `${summary} The head alone.`, parameters, responses),
});

const listArguments = [
  inQuery('recursive', 'The whole tree, without folders.', false, 'boolean'),
  inQuery('limit', 'At most so many entries.', false, 'integer'),
  inQuery('after', 'Only what follows this name: `next` of the page before.'),
];

const rangeHeaders = [
  header('Range', 'One range of bytes.'),
  header('If-Range', 'An entity tag.'),
  header('If-Match', 'Entity tags.'),
  header('If-None-Match', 'Entity tags.'),
];

const digestHeaders = [
  header('Content-MD5', 'Verified.'),
  header('Content-Digest', 'Verified: md5, sha-256, sha-512.'),
  header('Repr-Digest', 'Verified: md5, sha-256, sha-512.'),
  header('If-None-Match', '`*` is what a put does anyway.'),
];

const putAnswers = {
  '200': json('Stored.', reference('Stored')),
  ...failing('400', '409', '411', '412', '413', '414', '422', '503', '507'),
};
const removeAnswers = {
  '200': json('How many are gone.', reference('Removed')),
  ...failing('400', '404', '414', '503'),
};
const getAnswers = { ...fileAnswers, ...failing('400', '404', '412', '414', '416', '503') };
const existsAnswers = {
  '200': {
    description: 'One byte: `1` or `0`.',
    content: { 'text/plain': { schema: { type: 'string', enum: ['0', '1'] } } },
  },
  ...failing('400', '414', '503'),
};
const listAnswers = {
  '200': json('What is there, in the order of bytes.', reference('Listing')),
  ...failing('400', '404', '414', '503'),
};

const putBody = {
  required: true,
  description: 'The bytes, verbatim; of multipart/form-data the file part.',
  content: { '*/*': { schema: { type: 'string', format: 'binary' } } },
};

const transfer = (id: string, summary: string) => ({
  post: operation(
    id,
    summary,
    [
      inQuery('source_path', 'Also `source`, `src`.', true),
      inQuery('destination_path', 'Also `destination`, `dst`.', true),
      key,
    ],
    {
      '200': json('Done.', reference('Stored')),
      ...failing('400', '404', '409', '414', '503', '507'),
    },
  ),
});

const nodeAnswer = { '200': json('The node.', reference('Node')) };
const operating = (
  id: string,
  summary: string,
  ...statuses: readonly (keyof typeof failures)[]
) => ({
  post: operation(id, summary, [inNode], { ...nodeAnswer, ...failing('404', ...statuses, '503') }),
});

const paths = {
  '/{path}': {
    ...reading('getFile', 'A file.', [inPath, ...rangeHeaders], getAnswers),
    put: operation(
      'putFile',
      'Stores a file where nothing is.',
      [inPath, key, ...digestHeaders],
      putAnswers,
      putBody,
    ),
    delete: operation('deleteFile', 'Removes a file.', [inPath, key], removeAnswers),
  },
  '/{folder}/': reading(
    'listFolder',
    'What is in a folder; a page for browsers.',
    [{ ...inPath, name: 'folder' }, ...listArguments],
    listAnswers,
  ),
  '/path': {
    ...reading(
      'getByArgument',
      'The file that `path` names; without it, the file /path.',
      [inQuery('path', 'The path.'), ...rangeHeaders],
      getAnswers,
    ),
    put: operation(
      'putByArgument',
      'Stores under the argument `path`; without it, as the file /path.',
      [inQuery('path', 'The path.'), inQuery('bytes', 'The content.'), key, ...digestHeaders],
      putAnswers,
      putBody,
    ),
    delete: operation(
      'deleteByArgument',
      'Removes the file that `path` names.',
      [inQuery('path', 'The path.'), key],
      removeAnswers,
    ),
  },
  '/exists': reading('exists', 'Whether a file is there.', [pathArgument], existsAnswers),
  '/exists/{path}': reading('existsPath', 'Whether a file is there.', [inPath], existsAnswers),
  '/copy': transfer('copy', 'A new name for the same bytes.'),
  '/move': transfer('move', 'Another name, in one step.'),
  '/ls': reading(
    'list',
    'What is in a folder; as NDJSON, all of it.',
    [inQuery('path', 'The folder; the root if missing.'), ...listArguments],
    listAnswers,
  ),
  '/rm': {
    post: operation(
      'remove',
      'Removes a file, or everything under a path.',
      [pathArgument, inQuery('recursive', 'Everything under it too.', false, 'boolean'), key],
      removeAnswers,
    ),
  },
  '/stat': reading('stat', 'A record, and where its bytes are.', [pathArgument], {
    '200': json('The record.', { type: 'object' }),
    ...failing('400', '404', '414', '503'),
  }),
  '/-/health': open('health', 'Whether the process turns.', page),
  '/-/ready': open('ready', 'Whether it can serve.', { ...page, ...failing('503') }),
  '/-/cluster': reading('cluster', 'The cluster as this process sees it.', [], page),
  '/-/metrics': reading('metrics', 'Counters, as Prometheus reads them.', [], {
    ...page,
    ...failing('404'),
  }),
  '/-/openapi.json': open('openapi', 'This description.', page),
  '/-/nodes/{node}': reading('node', 'A node, and whether it can be stopped.', [inNode], {
    ...nodeAnswer,
    ...failing('404', '503'),
  }),
  '/-/nodes/{node}/drain': operating('drainNode', 'Moves everything off a node.', '409'),
  '/-/nodes/{node}/undrain': operating('undrainNode', 'Takes back a drain.'),
  '/-/nodes/{node}/remove': operating('removeNode', 'Forgets a node that holds nothing.', '409'),
  '/-/tokens': {
    ...reading('listTokens', 'Tokens, without their secrets.', [], {
      '200': json('All of them.', reference('Tokens')),
      ...failing('404', '503'),
    }),
    post: operation(
      'createToken',
      'Makes a token; this answer alone shows it.',
      [
        inQuery('name', 'Whose it is.', true),
        inQuery('grants', 'One a line: `read,list:/photos`, or `admin`.', true),
      ],
      {
        '200': json('The token.', reference('CreatedToken')),
        ...failing('400', '404', '414', '503', '507'),
      },
    ),
  },
  '/-/token': reading('ownToken', 'What the token that is shown allows.', [], {
    '200': json('The token.', reference('OwnToken')),
    ...failing('404', '503'),
  }),
  '/-/download': {
    post: operation(
      'download',
      'A file, to be saved; for browsers, which show the token as `token` in a form.',
      [pathArgument],
      { '200': fileAnswers['200'], ...failing('400', '404', '413', '414', '503') },
      { content: { 'application/x-www-form-urlencoded': { schema: reference('DownloadForm') } } },
    ),
  },
  '/-/tokens/{token}': {
    delete: operation(
      'revokeToken',
      'Revokes a token.',
      [{ ...inPath, name: 'token', description: 'Its id.' }],
      { '200': json('It is gone.', { type: 'object' }), ...failing('404', '409', '503') },
    ),
  },
  '/-/{page}': open('page', 'Fixed pages: the console.', {
    ...page,
    '304': fileAnswers['304'],
    '308': { description: 'The page is at the same path with a slash at its end.' },
    ...failing('404'),
  }),
} as const;

export const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'DFTFS',
    version: release,
    description:
      'A 2xx is done; a 4xx never happened; 5xx or a broken connection is unknown unless ' +
      '`outcome` says more, and a retry with the same Idempotency-Key settles it.',
  },
  paths,
  security: [{ token: [] }],
  components: {
    schemas,
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', description: 'Where tokens are switched on.' },
    },
  },
};
