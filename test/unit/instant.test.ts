import { expect, it } from 'vitest';

import { readInstant } from '../../src/normalize/value/instant.ts';

it.each([
  ['2026-11-21 21:47:22.458735', '2026-11-21T21:47:22.458Z'],
  ['2026-11-21T21:47:22', '2026-11-21T21:47:22.000Z'],
  ['2026-11-21t21:47:22z', '2026-11-21T21:47:22.000Z'],
  ['2026-11-21T21:49:17.946092+0000', '2026-11-21T21:49:17.946Z'],
  ['2011-06-18T14:33:27.787+03:00', '2011-06-18T11:33:27.787Z'],
  [' 2026-11-21 21:47:05+00:00 ', '2026-11-21T21:47:05.000Z'],
  [1556703552123, '2019-05-01T09:39:12.123Z'],
  [1556703552123.9, '2019-05-01T09:39:12.123Z'],
  [0, '1970-01-01T00:00:00.000Z'],
])('reads %j as %s', (value, instant) => {
  expect(readInstant(value)).toBe(instant);
});

it.each([
  'yesterday',
  '',
  '2026-02-30 00:00:00',
  '21:47:22',
  Number.NaN,
  1e300,
  null,
  undefined,
  {},
])('finds no instant in %j', value => expect(readInstant(value)).toBeUndefined());
