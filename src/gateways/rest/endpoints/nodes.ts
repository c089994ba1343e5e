/** `/-/nodes/<node>`: what an operator does with a node. */
import { DftfsError } from '#base/errors.ts';
import { isNodeId, type NodeId } from '#base/ids.ts';
import { queryArguments } from '../arguments.ts';
import { auditDone } from '../audit.ts';
import { type Call, type Endpoint, type NodeAdmin, respondJson } from '../call.ts';
import { refuseBody } from './get.ts';

export const nodePage = /^\/-\/nodes\/(?<node>[^/]+)(?<action>\/drain|\/undrain|\/remove)?$/;

const withNode =
  (run: (admin: NodeAdmin, node: NodeId) => Promise<unknown>): Endpoint =>
  async (call) => {
    queryArguments(call, {});
    refuseBody(call);
    respondJson(call.exchange, await run(call.services.admin, nodeOf(call)));
  };

/** The same, of what changes something. */
const changingNode =
  (run: (admin: NodeAdmin, node: NodeId) => Promise<unknown>): Endpoint =>
  (call) =>
    withNode(async (admin, node) => {
      call.exchange.path = call.target.path;
      const done = await run(admin, node);
      auditDone(call, { path: call.target.path });
      return done;
    })(call);

function nodeOf({ target }: Call): NodeId {
  const node = nodePage.exec(target.path)?.groups?.node ?? '';
  if (isNodeId(node)) return node;
  throw new DftfsError('node_not_found', `${JSON.stringify(node)} is no name of a node.`);
}

export const describeNode = withNode((admin, node) => admin.describe(node));
export const drainNode = changingNode((admin, node) => admin.drain(node));
export const undrainNode = changingNode((admin, node) => admin.undrain(node));
export const removeNode = changingNode((admin, node) => admin.remove(node));
