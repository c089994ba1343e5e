/** What answers hold, as the interface's description names it. */
const text = { type: 'string' };
const texts = { type: 'array', items: text };
const count = { type: 'integer', minimum: 0 };

export const schemas = {
  Problem: {
    type: 'object',
    required: ['type', 'title', 'status', 'detail', 'code', 'outcome', 'requestId'],
    properties: {
      type: text,
      title: text,
      status: count,
      detail: { type: 'string', description: 'What is wrong and what to do.' },
      code: { type: 'string', description: 'Stable, for programs.' },
      outcome: { type: 'string', enum: ['none', 'maybe', 'done'] },
      path: text,
      requestId: text,
    },
  },
  Stored: {
    type: 'object',
    required: ['path', 'size', 'etag', 'crc32'],
    properties: { path: text, size: count, etag: text, crc32: text },
  },
  Tokens: {
    type: 'object',
    required: ['tokens'],
    properties: { tokens: { type: 'array', items: { $ref: '#/components/schemas/Token' } } },
  },
  Token: {
    type: 'object',
    required: ['id', 'name', 'grants', 'created', 'createdBy'],
    properties: { id: text, name: text, grants: texts, created: text, createdBy: text },
  },
  OwnToken: {
    type: 'object',
    required: ['id', 'name', 'grants'],
    properties: { id: text, name: text, grants: texts },
  },
  DownloadForm: { type: 'object', properties: { token: text } },
  CreatedToken: {
    type: 'object',
    required: ['id', 'name', 'grants', 'token'],
    properties: { id: text, name: text, grants: texts, token: text },
  },
  Removed: { type: 'object', required: ['removed'], properties: { removed: count } },
  Node: {
    type: 'object',
    required: ['id'],
    properties: {
      id: text,
      live: { type: 'boolean' },
      draining: { type: 'boolean' },
      zone: text,
      slots: { type: 'integer', minimum: 0, description: 'Of volumes, that count on it.' },
      bytes: { type: ['integer', 'null'], description: 'That it holds; null: it does not say.' },
      capacityBytes: count,
      safeToStop: { type: 'boolean', description: 'No data counts on it.' },
      reason: { type: 'string', description: 'Why it is safe or not.' },
      removed: { type: 'boolean' },
    },
  },
  Listing: {
    type: 'object',
    required: ['path', 'entries'],
    properties: {
      path: text,
      entries: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name', 'kind'],
          properties: {
            name: text,
            kind: { type: 'string', enum: ['file', 'folder'] },
            size: count,
            modified: { type: 'string', format: 'date-time' },
          },
        },
      },
      next: { type: 'string', description: 'Pass as `after` for the next page.' },
    },
  },
};
