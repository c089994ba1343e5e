/** The interface's description, in OpenAPI 3.1. */
export const openapi = { openapi: '3.1.0', info: { title: 'DFTFS', version: '0.1.0' }, paths: {} };
