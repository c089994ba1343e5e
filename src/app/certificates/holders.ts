/** Who gets a certificate, and which name it says each of them is known by. */
import { etcdName, nodeNameSuffix, operatorName } from './names.ts';
import type { CertificatePaths, Holder } from './provide.ts';

export const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '::1'];

export const operatorHolder = (paths: CertificatePaths): Holder => ({
  commonName: 'operator',
  names: [operatorName],
  paths,
});

/** `addresses`: where it is met. */
export const etcdHolder = (
  name: string,
  addresses: readonly string[],
  paths: CertificatePaths,
): Holder => ({ commonName: name, names: [etcdName, ...addresses], paths });

export const nodeHolder = (
  name: string,
  addresses: readonly string[],
  paths: CertificatePaths,
): Holder => ({ commonName: name, names: [`${name}${nodeNameSuffix}`, ...addresses], paths });
