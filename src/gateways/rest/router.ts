/** Which endpoint a request is for: one table, which the description of the API must agree with. */
import { parseFilePath } from '#base/path.ts';
import type { Endpoint } from './call.ts';
import { copy, move } from './endpoints/copy-move.ts';
import { download } from './endpoints/download.ts';
import { exists } from './endpoints/exists.ts';
import { getFile, getPath } from './endpoints/get.ts';
import { literalPath, literalPathOf, putLiteral } from './endpoints/literal-path.ts';
import { listFolder, ls } from './endpoints/ls.ts';
import { describeNode, drainNode, nodePage, removeNode, undrainNode } from './endpoints/nodes.ts';
import { putFile } from './endpoints/put.ts';
import { deleteFile, removePath, rm } from './endpoints/rm.ts';
import { stat } from './endpoints/stat.ts';
import { cluster, describeApi, health, metrics, page, ready } from './endpoints/system.ts';
import { createToken, listTokens, ownToken, revokeToken, tokenPage } from './endpoints/tokens.ts';
import { HttpProblem } from './problem.ts';
import type { Target } from './target.ts';

/**
 * What who asks must be, where tokens are shown: 'nobody' in particular; one who may do what is
 * asked of the files, by a header or also by a form; one who may read the page; an administrator.
 */
export type Asker = 'nobody' | 'user' | 'form' | 'reader' | 'administrator';

export interface Route {
  readonly operation: string;
  readonly asker: Asker;
  readonly run: Endpoint;
}

type Methods = Readonly<Record<string, Route>>;

const route = (operation: string, run: Endpoint, asker: Asker = 'user'): Route => {
  return { operation, asker, run };
};

/** GET, and HEAD, which is answered like GET without the body. */
const reading = (operation: string, run: Endpoint, asker: Asker = 'user'): Methods => ({
  GET: route(operation, run, asker),
  HEAD: route(operation, run, asker),
});

const getLiteral: Endpoint = async (call) => getPath(call, await literalPathOf(call));
const deleteLiteral: Endpoint = async (call) => removePath(call, await literalPathOf(call));

/** By pattern, as the API's description names them. `{path}` stands for the rest. */
export const routes = {
  '/{path}': {
    ...reading('get', getFile),
    PUT: route('put', putFile),
    DELETE: route('rm', deleteFile),
  },
  '/{folder}/': reading('ls', listFolder),
  '/path': {
    ...reading('get', getLiteral),
    PUT: route('put', putLiteral),
    DELETE: route('rm', deleteLiteral),
  },
  '/exists': reading('exists', exists),
  '/exists/{path}': reading('exists', exists),
  '/copy': { POST: route('copy', copy) },
  '/move': { POST: route('move', move) },
  '/ls': reading('ls', ls),
  '/rm': { POST: route('rm', rm) },
  '/stat': reading('stat', stat),
  '/-/health': reading('system', health, 'nobody'),
  '/-/ready': reading('system', ready, 'nobody'),
  '/-/cluster': reading('system', cluster, 'reader'),
  '/-/metrics': reading('system', metrics, 'reader'),
  '/-/openapi.json': reading('system', describeApi, 'nobody'),
  '/-/nodes/{node}': reading('nodes', describeNode, 'reader'),
  '/-/nodes/{node}/drain': { POST: route('nodes', drainNode, 'administrator') },
  '/-/nodes/{node}/undrain': { POST: route('nodes', undrainNode, 'administrator') },
  '/-/nodes/{node}/remove': { POST: route('nodes', removeNode, 'administrator') },
  '/-/tokens': {
    ...reading('tokens', listTokens, 'administrator'),
    POST: route('tokens', createToken, 'administrator'),
  },
  '/-/token': reading('tokens', ownToken),
  '/-/download': { POST: route('get', download, 'form') },
  '/-/tokens/{token}': { DELETE: route('tokens', revokeToken, 'administrator') },
  '/-/{page}': reading('system', page, 'nobody'),
} as const satisfies Record<string, Methods>;

const fixed: ReadonlyMap<string, Methods> = new Map(
  Object.entries(routes).filter(([pattern]) => !pattern.includes('{')),
);

function methodsOf({ path, folder }: Target): Methods {
  const found = path === literalPath && folder ? undefined : fixed.get(path);
  if (found) return found;
  if (path.startsWith('/exists/')) return routes['/exists/{path}'];
  const node = nodePage.exec(path)?.groups;
  if (node) return routes[`/-/nodes/{node}${node.action ?? ''}` as keyof typeof routes];
  if (tokenPage.test(path)) return routes['/-/tokens/{token}'];
  if (path === '/-' || path.startsWith('/-/')) return routes['/-/{page}'];
  return folder ? routes['/{folder}/'] : routes['/{path}'];
}

/** Throws method_not_allowed, and, where a file was meant, why the path can't be one. */
export function routeOf(method: string, target: Target): Route {
  const methods = methodsOf(target);
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (found) return found;
  if (method === 'PUT' || method === 'DELETE') {
    parseFilePath(target.folder ? `${target.path}/` : target.path);
  }
  const allowed = Object.keys(methods).join(', ');
  const detail = `${method} isn't possible here; possible: ${allowed}.`;
  throw new HttpProblem('method_not_allowed', detail, ['Allow', allowed]);
}
