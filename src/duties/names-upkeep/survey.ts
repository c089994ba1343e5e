/** How the members of the names engine are: what each says of itself, and what alarms there are. */
import type { EtcdMaintenance, MemberAlarm, MemberStatus } from '#kv/etcd/maintenance.ts';

export interface SurveyedMember extends MemberStatus {
  readonly endpoint: string;
  readonly isLeader: boolean;
}

export interface Survey {
  /** Those that serve: they answer and know a leader. */
  readonly members: readonly SurveyedMember[];
  /** Endpoints of the others. */
  readonly missing: readonly string[];
  readonly alarms: readonly MemberAlarm[];
}

export type SurveyDeps = Pick<EtcdMaintenance, 'endpoints' | 'status' | 'alarms'>;

/** Fails if no member serves. */
export async function takeSurvey(deps: SurveyDeps, timeoutMs: number): Promise<Survey> {
  const answers = await Promise.allSettled(
    deps.endpoints.map(async (endpoint): Promise<SurveyedMember> => {
      const status = await deps.status(endpoint, { timeoutMs });
      return { ...status, endpoint, isLeader: status.memberId === status.leaderId };
    }),
  );
  const members = answers
    .flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    .filter(({ leaderId }) => leaderId !== '0');
  const serving = new Set(members.map(({ endpoint }) => endpoint));
  const missing = deps.endpoints.filter((endpoint) => !serving.has(endpoint));
  const [first] = members;
  // Asked of a member that doesn't serve, so that its own words say why.
  const asked = first?.endpoint ?? (deps.endpoints[0] as string);
  return { members, missing, alarms: await deps.alarms(asked, { timeoutMs }) };
}

export const hasAlarm = ({ alarms }: Survey, kind: MemberAlarm['alarm']): boolean =>
  alarms.some(({ alarm }) => alarm === kind);

/** Can one member be away, and the others still decide? */
export const canSpareOne = ({ members, missing }: Survey): boolean => {
  const all = members.length + missing.length;
  return members.length - 1 >= Math.floor(all / 2) + 1;
};
