/** How a certificate says whom of the cluster it is for: by a name that no resolver knows. */

/** After a node's id. */
export const nodeNameSuffix = '.node.dftfs';
/** Of all etcd members alike. */
export const etcdName = 'etcd.dftfs';
/** Of whoever starts and stops the processes. */
export const operatorName = 'operator.dftfs';
