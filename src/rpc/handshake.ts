/**
 * Before anything else passes between two nodes, each shows who it is and proves that it knows the
 * cluster's secret, without showing it:
 *
 *   caller → hello {version, cluster, node, incarnation, to, nonce}
 *   peer   → hello {version, cluster, node, incarnation, nonce}   or refused {reason}, and closes
 *   caller → proof                                           HMAC-SHA256(secret, role, both hellos)
 *   peer   → proof                                         or refused {reason}, and closes
 *
 * Both proofs cover both hellos as sent, so neither a nonce nor an identity can be exchanged, and
 * name the role of their sender, so neither can be sent back. A stranger learns nothing but the
 * refusal, and reaches no parser but that of a small piece of JSON. Where connections are certified
 * it doesn't come so far, and a node can't be another than its certificate says.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { asDftfsError, DftfsError, isCode } from '#base/errors.ts';
import { isNodeId, type NodeId } from '#base/ids.ts';
import type { Connection } from '#io/network.ts';
import type { Random, Timer, Timers } from '#io/world.ts';
import {
  type Expectation,
  expectNothing,
  type FrameKind,
  frameKinds,
  prefixBytes,
  protocolVersion,
  sealFrame,
} from './frame.ts';
import type { Frame } from './frame-parser.ts';
import { FrameStream, idle } from './frame-stream.ts';

export interface RpcIdentity {
  readonly self: NodeId;
  /** New at every start of the process. */
  readonly incarnation: string;
  readonly clusterId: string;
  /** What all nodes of the cluster know and nobody else does. */
  readonly secret: Buffer;
}

export interface HandshakeDeps {
  readonly timers: Timers;
  readonly random: Random;
}

export interface Greeted {
  readonly stream: FrameStream;
  readonly node: NodeId;
  readonly incarnation: string;
}

interface Hello {
  readonly version: number;
  readonly cluster: string;
  readonly node: NodeId;
  readonly incarnation: string;
  readonly to: string | undefined;
}

type Role = 'caller' | 'peer';

const nonceBytes = 32;
const textCharactersMax = 200;
const lingerMs = 200;

const { hello, proof, refused } = frameKinds;
const expecting = (...kinds: Expectation['kinds']): Expectation => ({
  kinds,
  headBytesMax: 1024,
  bodyBytesMax: 0,
});

/** The caller's side. Throws `peer_refused` with the reason, or `peer_unreachable`. */
export async function greet(
  deps: HandshakeDeps,
  identity: RpcIdentity,
  connection: Connection,
  peer: NodeId,
  timeoutMs: number,
): Promise<Greeted> {
  const talk = new Talk(deps.timers, connection, timeoutMs);
  try {
    const mine = helloOf(deps.random, identity, peer);
    talk.send(hello, mine);
    const answer = await talk.receive(hello);
    const theirs = answer.headBytes();
    const { version, cluster, node, incarnation } = readHello(answer);
    if (version !== protocolVersion) throw otherVersion(version);
    if (cluster !== identity.clusterId) throw refusal('it belongs to another cluster');
    if (node !== peer) throw refusal(`it is node ${node}, not ${peer}`);
    checkCertified(connection, node);
    talk.send(proof, proofOf(identity.secret, 'caller', mine, theirs));
    checkProof(await talk.receive(proof), proofOf(identity.secret, 'peer', mine, theirs));
    return { stream: talk.end(), node, incarnation };
  } catch (error) {
    throw talk.fail(error, `${peer} at ${connection.remote}`);
  }
}

/** The called node's side. Throws the reason why the connection was refused and closed. */
export async function receive(
  deps: HandshakeDeps,
  identity: RpcIdentity,
  connection: Connection,
  timeoutMs: number,
): Promise<Greeted> {
  const talk = new Talk(deps.timers, connection, timeoutMs);
  try {
    const opening = await talk.receive(hello);
    const theirs = opening.headBytes();
    const { version, cluster, node, incarnation, to } = readHello(opening);
    if (version !== protocolVersion) throw otherVersion(version);
    if (cluster !== identity.clusterId) throw refusal('this node belongs to another cluster');
    if (to !== identity.self) throw refusal(`this is node ${identity.self}, not ${to}`);
    checkCertified(connection, node);
    const mine = helloOf(deps.random, identity, undefined);
    talk.send(hello, mine);
    checkProof(await talk.receive(proof), proofOf(identity.secret, 'caller', theirs, mine));
    talk.send(proof, proofOf(identity.secret, 'peer', theirs, mine));
    return { stream: talk.end(), node, incarnation };
  } catch (error) {
    if (isCode(error, 'peer_refused')) await talk.refuse(error.message);
    throw talk.fail(error, connection.remote);
  }
}

const refusal = (why: string): DftfsError => new DftfsError('peer_refused', why);
const otherVersion = (version: number): DftfsError =>
  refusal(`version ${version} of the node protocol meets version ${protocolVersion}`);

function checkCertified({ certified }: Connection, node: NodeId): void {
  if (certified === undefined || certified === node) return;
  throw refusal(`it says that it is ${node}, and its certificate is for ${certified}`);
}

function helloOf(random: Random, identity: RpcIdentity, to: NodeId | undefined): Buffer {
  const { clusterId: cluster, self: node, incarnation } = identity;
  const nonce = random.bytes(nonceBytes).toString('hex');
  const said = { version: protocolVersion, cluster, node, incarnation, to, nonce };
  return Buffer.from(JSON.stringify(said));
}

function readHello(frame: Frame): Hello {
  const said = readJson<keyof Hello | 'nonce'>(frame);
  const { version, cluster, node, incarnation, to, nonce } = said;
  const named = isShort(cluster) && isShort(node) && isNodeId(node) && isShort(incarnation);
  const fresh = typeof nonce === 'string' && nonce.length === 2 * nonceBytes;
  if (typeof version !== 'number' || !named || !fresh || (to !== undefined && !isShort(to))) {
    throw new DftfsError('invalid_message', 'its hello is malformed');
  }
  return { version, cluster, node, incarnation, to };
}

function readJson<Key extends string>(frame: Frame): Partial<Record<Key, unknown>> {
  try {
    return (JSON.parse(frame.headBytes().toString()) ?? {}) as Partial<Record<Key, unknown>>;
  } catch (cause) {
    throw new DftfsError('invalid_message', 'what it said is not JSON', { cause });
  }
}

const isShort = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= textCharactersMax;

function proofOf(secret: Buffer, role: Role, callerHello: Buffer, peerHello: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(callerHello.length);
  const hmac = createHmac('sha256', secret).update(`dftfs rpc ${role}\n`).update(length);
  return hmac.update(callerHello).update(peerHello).digest();
}

function checkProof(frame: Frame, expected: Buffer): void {
  const given = frame.headBytes();
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw refusal("the proof of the cluster's secret is wrong");
}

/** Strictly alternating frames within one time bound. */
class Talk {
  readonly #timers: Timers;
  readonly #stream: FrameStream;
  readonly #timer: Timer;

  constructor(timers: Timers, connection: Connection, timeoutMs: number) {
    this.#timers = timers;
    this.#stream = new FrameStream(connection);
    this.#timer = timers.after(timeoutMs, () =>
      this.#stream.close(`the handshake was not finished in ${timeoutMs} ms`),
    );
  }

  send(kind: FrameKind, head: Buffer): void {
    this.#stream.send(sealFrame(Buffer.concat([Buffer.alloc(prefixBytes), head]), kind, 0, 0), []);
  }

  async receive(kind: FrameKind): Promise<Frame> {
    const { promise, resolve, reject } = Promise.withResolvers<Frame>();
    const onFrame = (frame: Frame) => {
      this.#stream.use(expectNothing, idle);
      resolve(frame);
    };
    this.#stream.use(expecting(kind, refused), { ...idle, onFrame, onClose: reject });
    const frame = await promise;
    if (frame.prefix.kind !== refused) return frame;
    const { reason } = readJson<'reason'>(frame);
    throw refusal(`it refused: ${String(reason).slice(0, textCharactersMax)}`);
  }

  end(): FrameStream {
    this.#timer.cancel();
    return this.#stream;
  }

  /** Tells the peer why, and gives it a moment to read that. */
  async refuse(reason: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.send(refused, Buffer.from(JSON.stringify({ reason })));
    this.#stream.use(expectNothing, { ...idle, onClose: () => resolve() });
    await Promise.race([promise, this.#timers.sleep(lingerMs)]);
  }

  /** Closes; the error to throw. */
  fail(error: unknown, whom: string): DftfsError {
    this.#timer.cancel();
    const { code, message } = asDftfsError(error);
    this.#stream.close(message);
    const unreachable = code === 'peer_unreachable';
    return new DftfsError(
      unreachable ? 'peer_unreachable' : 'peer_refused',
      `No connection with ${whom}: ${message}.`,
      { outcome: 'none', cause: error },
    );
  }
}
