/** Coming in with a token: it is tried first, and then begins where it may look. */
import { json } from '../api/http.ts';
import { folderHref, route } from '../route.ts';
import { mayWatch, nearestFolder } from './grants.ts';
import { type Holder, session } from './session.ts';

/** Throws what the cluster says of the token. */
export async function signIn(text: string): Promise<void> {
  const token = text.trim();
  const { name, grants } = await json<Omit<Holder, 'token'>>('/-/token', { token, triesMax: 3 });
  session.value = { state: 'in', token, name, grants };
  begin(grants);
}

function begin(grants: readonly string[]): void {
  const now = route.value;
  if (now.view === 'cluster' && mayWatch(grants)) return;
  const asked = now.view === 'files' ? now.folder : '/';
  location.replace(folderHref(nearestFolder(asked, grants)));
}
