/** The reckoning: what the clients were told, against what every node says now. */
import { fileOnAll, readBack } from '../test/support/audit.ts';
import { httpCall } from '../test/support/http-call.ts';
import { sideBySide } from '../test/support/side-by-side.ts';
import type { Ledger } from './ledger.ts';
import type { AuditFacts } from './verdict.ts';

export interface AuditDeps {
  readonly ledger: Pick<Ledger, 'acknowledged' | 'refused'>;
  /** Every living node's own. */
  readonly doors: readonly string[];
  /** How much of it is done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
}

const atATime = 8;
/** So many files are asked about where they lie. */
const locatedMax = 100;

export async function audit({ ledger, doors, onProgress }: AuditDeps): Promise<AuditFacts> {
  const { acknowledged, refused } = ledger;
  let done = 0;
  const { reads, wrong } = await readBack(acknowledged, doors, () => {
    onProgress(++done / (acknowledged.length * doors.length));
  });
  const visible = await visibleOf(refused, doors);
  const everywhere: string[] = [];
  const stride = Math.ceil(acknowledged.length / locatedMax);
  const some = acknowledged.filter((_, nth) => nth % stride === 0);
  const [door] = doors;
  await sideBySide(some, atATime, async (file) => {
    if (door === undefined) return;
    const found = await fileOnAll([file], door, doors.length).catch(String);
    if (found !== undefined) everywhere.push(found);
  });
  return { doors: doors.length, reads, wrong, visible, everywhere, located: some.length };
}

async function visibleOf(names: readonly string[], doors: readonly string[]): Promise<string[]> {
  const visible: string[] = [];
  const asked = names.flatMap((name) => doors.map((door) => door + name));
  await sideBySide(asked, atATime, async (url) => {
    const found = await httpCall('GET', url).then(({ status }) => status, String);
    if (found !== 404) visible.push(`${url} was refused, and is there: ${found}`);
  });
  return visible;
}
