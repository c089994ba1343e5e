/**
 * Who belongs to the etcd cluster. A member that lost its data may never come back under its old
 * id, which has voted: it is removed, and added as a new one. All of it is decided by a majority.
 */
import { DftfsError } from '#base/errors.ts';
import { GrpcFailure } from './grpc-call.ts';
import { GrpcChannel, type GrpcDeps } from './grpc-channel.ts';
import { methods } from './methods.ts';
import { MessageReader } from './protobuf.ts';
import { emptyRequest, memberAddRequest, memberRemoveRequest } from './requests.ts';

export interface EtcdMemberEntry {
  readonly id: string;
  /** Empty: it was added and has never run. */
  readonly name: string;
  readonly peerUrls: readonly string[];
}

export interface MembershipOptions {
  readonly timeoutMs: number;
}

export class EtcdMembership {
  readonly #channel: GrpcChannel;

  /** `endpoint`: a member that serves. */
  constructor(deps: GrpcDeps, options: { endpoint: string }) {
    this.#channel = new GrpcChannel(deps, options);
  }

  async list(options: MembershipOptions): Promise<readonly EtcdMemberEntry[]> {
    return members(await this.#ask(methods.memberList, emptyRequest(), options), 2);
  }

  /** Returns all members after it. */
  async remove(id: string, options: MembershipOptions): Promise<readonly EtcdMemberEntry[]> {
    return members(await this.#ask(methods.memberRemove, memberRemoveRequest(id), options), 2);
  }

  /** Returns all members after it. */
  async add(peerUrl: string, options: MembershipOptions): Promise<readonly EtcdMemberEntry[]> {
    return members(await this.#ask(methods.memberAdd, memberAddRequest(peerUrl), options), 3);
  }

  close(): void {
    this.#channel.close();
  }

  async #ask(method: string, message: Buffer, options: MembershipOptions): Promise<Buffer> {
    try {
      return await this.#channel.unary(method, message, options);
    } catch (error) {
      if (!(error instanceof GrpcFailure)) throw error;
      const { endpoint } = this.#channel;
      const detail = `etcd at ${endpoint}: ${error.message}`;
      throw new DftfsError('names_unavailable', detail, { cause: error });
    }
  }
}

function members(bytes: Buffer, listField: number): EtcdMemberEntry[] {
  const reader = new MessageReader(bytes);
  const found: EtcdMemberEntry[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === listField) found.push(reader.message(readMember));
    else reader.skip();
  }
  return found;
}

function readMember(reader: MessageReader): EtcdMemberEntry {
  let [id, name] = ['0', ''];
  const peerUrls: string[] = [];
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) id = reader.id();
    else if (field === 2) name = reader.text();
    else if (field === 3) peerUrls.push(reader.text());
    else reader.skip();
  }
  return { id, name, peerUrls };
}
