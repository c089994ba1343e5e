/**
 * Upkeep of etcd: what concerns its members and their disks, not the names kept in it. Fails with
 * `names_unavailable`, which for what changes something says nothing of the outcome: all of it may
 * be done twice.
 */
import { DftfsError } from '#base/errors.ts';
import { GrpcFailure, grpcStatus } from './grpc-call.ts';
import { GrpcChannel, type GrpcDeps } from './grpc-channel.ts';
import { methods } from './methods.ts';
import { alarmRequest, compactRequest, emptyRequest, rangeRequest } from './requests.ts';
import { alarmResponse, type MemberAlarm, type MemberStatus, statusResponse } from './responses.ts';

export type { MemberAlarm, MemberStatus } from './responses.ts';

export interface MaintenanceOptions {
  readonly timeoutMs: number;
}

export class EtcdMaintenance {
  readonly endpoints: readonly string[];
  readonly #channels: ReadonlyMap<string, GrpcChannel>;

  constructor(deps: GrpcDeps, options: { endpoints: readonly string[] }) {
    this.endpoints = options.endpoints;
    this.#channels = new Map(
      options.endpoints.map((endpoint) => [endpoint, new GrpcChannel(deps, { endpoint })]),
    );
  }

  /** As the member itself sees it: whom it takes for the leader, how large its database is. */
  async status(endpoint: string, options: MaintenanceOptions): Promise<MemberStatus> {
    return statusResponse(await this.#ask(endpoint, methods.status, emptyRequest(), options));
  }

  /** Resolves if the member can read through the majority, whatever alarms there are. */
  async readThrough(endpoint: string, options: MaintenanceOptions): Promise<void> {
    await this.#ask(endpoint, methods.range, rangeRequest({ start: 'any' }), options);
  }

  /** Forgets all history before `revision`, on all members. */
  async compact(endpoint: string, revision: number, options: MaintenanceOptions): Promise<void> {
    try {
      await this.#ask(endpoint, methods.compact, compactRequest(revision), options);
    } catch (error) {
      if (!isCompacted(error as Error)) throw error;
    }
  }

  async alarms(endpoint: string, options: MaintenanceOptions): Promise<readonly MemberAlarm[]> {
    return alarmResponse(await this.#ask(endpoint, methods.alarm, alarmRequest(), options));
  }

  /** Lets writes in again, once compaction and defragmentation have made space. */
  async disarm(endpoint: string, alarm: MemberAlarm, options: MaintenanceOptions): Promise<void> {
    await this.#ask(endpoint, methods.alarm, alarmRequest(alarm), options);
  }

  /** Gives freed space back to the disk. The member serves nothing meanwhile: one at a time. */
  async defragment(endpoint: string, options: MaintenanceOptions): Promise<void> {
    await this.#ask(endpoint, methods.defragment, emptyRequest(), options);
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
  }

  async #ask(
    endpoint: string,
    method: string,
    message: Buffer,
    options: MaintenanceOptions,
  ): Promise<Buffer> {
    const channel = this.#channels.get(endpoint);
    if (channel === undefined) throw new TypeError(`not a member of this etcd: ${endpoint}`);
    try {
      return await channel.unary(method, message, options);
    } catch (error) {
      if (!(error instanceof GrpcFailure)) throw error;
      throw new DftfsError('names_unavailable', `etcd at ${endpoint}: ${error.message}.`, {
        cause: error,
      });
    }
  }
}

const isCompacted = ({ cause }: Error): boolean =>
  cause instanceof GrpcFailure &&
  cause.status === grpcStatus.outOfRange &&
  cause.message.includes('compacted');
