/** Upkeep of etcd: what concerns its members and their disks, not the names kept in it. */
import type { Timers } from '#io/world.ts';
import { GrpcChannel } from './grpc-channel.ts';
import { methods } from './methods.ts';
import { alarmRequest, compactRequest, emptyRequest } from './requests.ts';
import { alarmResponse, type MemberAlarm, type MemberStatus, statusResponse } from './responses.ts';

export type { MemberAlarm, MemberStatus } from './responses.ts';

export interface MaintenanceOptions {
  readonly timeoutMs: number;
}

export class EtcdMaintenance {
  readonly #channels: ReadonlyMap<string, GrpcChannel>;

  constructor(deps: { timers: Timers }, options: { endpoints: readonly string[] }) {
    this.#channels = new Map(
      options.endpoints.map((endpoint) => [endpoint, new GrpcChannel(deps, { endpoint })]),
    );
  }

  /** As the member itself sees it: whom it takes for the leader, how large its database is. */
  async status(endpoint: string, options: MaintenanceOptions): Promise<MemberStatus> {
    const reply = await this.#at(endpoint).unary(methods.status, emptyRequest(), options);
    return statusResponse(reply);
  }

  /** Forgets all history before `revision`, on all members. */
  async compact(endpoint: string, revision: number, options: MaintenanceOptions): Promise<void> {
    await this.#at(endpoint).unary(methods.compact, compactRequest(revision), options);
  }

  async alarms(endpoint: string, options: MaintenanceOptions): Promise<readonly MemberAlarm[]> {
    const reply = await this.#at(endpoint).unary(methods.alarm, alarmRequest(), options);
    return alarmResponse(reply);
  }

  /** Lets writes in again, once compaction and defragmentation have made space. */
  async disarm(endpoint: string, alarm: MemberAlarm, options: MaintenanceOptions): Promise<void> {
    await this.#at(endpoint).unary(methods.alarm, alarmRequest(alarm), options);
  }

  /** Gives freed space back to the disk. The member serves nothing meanwhile: one at a time. */
  async defragment(endpoint: string, options: MaintenanceOptions): Promise<void> {
    await this.#at(endpoint).unary(methods.defragment, emptyRequest(), options);
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
  }

  #at(endpoint: string): GrpcChannel {
    const channel = this.#channels.get(endpoint);
    if (channel === undefined) throw new TypeError(`not a member of this etcd: ${endpoint}`);
    return channel;
  }
}
