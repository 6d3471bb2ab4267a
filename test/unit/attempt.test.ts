import { gzipSync } from 'node:zlib';

import { expect, it } from 'vitest';

import { RunningAttempt, type SentAttempt } from '../../src/dispatch/request/attempt.ts';
import { createConceal } from '../../src/dispatch/request/conceal.ts';

const secret = 'correct horse battery';

/** The attempt that a response makes; 40 bytes of its body are kept. */
function attemptWith(
  status: number,
  headers: Readonly<Record<string, string>>,
  body = Buffer.alloc(0),
): SentAttempt {
  const ended: SentAttempt[] = [];
  const attempt = new RunningAttempt({
    keepBytes: 40,
    timeoutMs: 10_000,
    conceal: createConceal([secret]),
    done: one => ended.push(one),
  });
  attempt.onHead(status, headers);
  if (body.length > 0) attempt.onBody(body);
  attempt.onEnd();
  attempt.onEnd();
  const [only] = ended;
  if (!only || ended.length > 1) throw new Error(`it ended ${ended.length} times`);
  return only;
}

it('a secret that is cut where the unpacked part of an answer ends is concealed', () => {
  const packed = gzipSync(`${'.'.repeat(30)}${secret}`, { level: 9 });
  expect(packed.length).toBeLessThan(60);
  const { responseBody } = attemptWith(200, { 'content-encoding': 'gzip' }, packed.subarray(0, 40));
  expect(responseBody).toMatch(/^\.{30}(\*\*\*)?$/);
  const small = gzipSync(`${'.'.repeat(36)}${secret.slice(0, 9)}`.padEnd(45, '.'));
  expect(small.length).toBeLessThanOrEqual(40);
  expect(attemptWith(200, { 'content-encoding': 'gzip' }, small).responseBody).toBe(
    `${'.'.repeat(36)}***`,
  );
});

it('a secret that is cut where the kept part of a location ends is concealed', () => {
  const location = `/${'x'.repeat(1_990)}${secret}`;
  expect(attemptWith(302, { location }).error).toBe(`redirected to /${'x'.repeat(1_990)}***`);
});
