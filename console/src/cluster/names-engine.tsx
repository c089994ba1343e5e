/** The members of the names engine: who answers, who leads, how large they are. */
import type { EtcdMember, NamesStatus } from '#client/cluster-status.ts';
import { Badge } from '../parts/badge.tsx';
import { sizeText } from '../parts/format.ts';

export const NamesEngine = ({ names }: { readonly names: NamesStatus }) => (
  <section class="panel" aria-labelledby="names-title">
    <h2 id="names-title">Names (etcd)</h2>
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">State</th>
          <th scope="col" class="version">
            Version
          </th>
          <th scope="col" class="number">
            Size
          </th>
        </tr>
      </thead>
      <tbody>
        {names.members.map((member) => (
          <Member key={member.endpoint} {...member} />
        ))}
      </tbody>
    </table>
    {names.collectionHeld === true && (
      <p class="note">Nothing is thrown away until the restore is released.</p>
    )}
  </section>
);

const Member = ({ endpoint, healthy, leader, version, dbBytes }: EtcdMember) => (
  <tr>
    <td>{endpoint.replace(/^https?:\/\//, '')}</td>
    <td>
      <Badge tone={healthy ? 'good' : 'bad'} icon={healthy ? 'good' : 'bad'}>
        {healthy ? 'answers' : 'no answer'}
      </Badge>{' '}
      {leader === true && <span class="role">leader</span>}
    </td>
    <td class="version">{version ?? '–'}</td>
    <td class="number">{dbBytes === undefined ? '–' : sizeText(dbBytes)}</td>
  </tr>
);
