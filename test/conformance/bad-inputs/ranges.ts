import assert from 'node:assert/strict';
import { type BadInput, check, type Expected } from './case.ts';

const content = '0123456789';

/** A range of a file of ten bytes. */
const ranged = (
  row: number,
  name: string,
  headers: string,
  expect: Expected,
  body?: string,
): BadInput => ({
  row,
  name,
  run: async (probe) => {
    await probe.request(probe.put('/ten', content));
    const response = await probe.request(probe.get('/ten', `${headers}\r\n`));
    check(response, expect);
    if (body !== undefined) assert.equal(response.body.toString(), body);
  },
  creates: ['ten'],
});

const unsatisfiable: Expected = {
  status: 416,
  code: 'range_unsatisfiable',
  header: ['content-range', /^bytes \*\/10$/],
};
const whole: Expected = { status: 200 };
const part: Expected = { status: 206 };

const thousand = Array.from({ length: 1000 }, () => '0-9').join(',');

export const rangeCases: readonly BadInput[] = [
  {
    row: 51,
    name: 'bytes=0- of an empty file',
    run: async (probe) => {
      await probe.request(probe.put('/empty', ''));
      const response = await probe.request(probe.get('/empty', 'Range: bytes=0-\r\n'));
      check(response, { status: 416, header: ['content-range', /^bytes \*\/0$/] });
    },
    creates: ['empty'],
  },
  ranged(51, 'start behind the end of the file', 'Range: bytes=10-', unsatisfiable),
  ranged(52, 'last before first', 'Range: bytes=5-2', whole, content),
  ranged(52, 'no numbers', 'Range: bytes=a-b', whole, content),
  ranged(52, 'unknown unit', 'Range: bits=0-1', whole, content),
  ranged(53, 'the last 0 bytes', 'Range: bytes=-0', unsatisfiable),
  ranged(53, 'more last bytes than there are', 'Range: bytes=-100', part, content),
  ranged(53, 'the last 3 bytes', 'Range: bytes=-3', part, '789'),
  ranged(53, 'an end behind the end', 'Range: bytes=8-100', part, '89'),
  ranged(53, 'a good range', 'Range: bytes=2-4', part, '234'),
  ranged(54, '1,000 ranges', `Range: bytes=${thousand}`, whole, content),
  ranged(55, 'If-Range of another file', 'Range: bytes=2-4\r\nIf-Range: "0"', whole, content),
];
