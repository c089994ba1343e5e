/** The long forms of the tests of whole clusters run with DFTFS_FULL=1. */
export const isFullForm = process.env.DFTFS_FULL === '1';
