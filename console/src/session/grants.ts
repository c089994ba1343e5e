/** Where a token's holder may begin. The server decides what he may do; this only guesses. Pure. */
const isUnder = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

/** A grant is `admin`, or `read,list:/photos`. */
function foldersWith(right: string, grants: readonly string[]): readonly string[] {
  return grants.flatMap((grant) => {
    if (grant === 'admin') return ['/'];
    const colon = grant.indexOf(':');
    return grant.slice(0, colon).split(',').includes(right) ? [grant.slice(colon + 1)] : [];
  });
}

/** The highest folders that can be listed, each once. */
export function listable(grants: readonly string[]): readonly string[] {
  const all = [...new Set(foldersWith('list', grants))];
  return all.filter((one) => !all.some((other) => other !== one && isUnder(one, other)));
}

/** The root of grants is that of files: pages are named. */
export function mayWatch(grants: readonly string[]): boolean {
  if (grants.includes('admin')) return true;
  const named = foldersWith('read', grants).filter((folder) => folder !== '/');
  return named.some((folder) => isUnder('/-/cluster', folder));
}

export const mayList = (folder: string, grants: readonly string[]): boolean =>
  listable(grants).some((one) => isUnder(folder, one));

/** The folder to show to who asks for this one. Who may list nothing may yet put something. */
export function nearestFolder(folder: string, grants: readonly string[]): string {
  if (mayList(folder, grants)) return folder;
  const others = ['list', 'write', 'read'].flatMap((right) => foldersWith(right, grants));
  return others.find((one) => !isUnder(one, '/-')) ?? folder;
}
