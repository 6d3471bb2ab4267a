/**
 * Input crafted by one tenant or stranger to hold up all others: everything here once took the process 0.4 to 7 seconds. Wanted
 * are 20 ms; the bound is wide, because the machine is shared with other tests, and far below what it was.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { CommandError } from '../../src/api/cloudstack/request/command-error.ts';
import { splitParameters } from '../../src/api/cloudstack/request/parameters.ts';
import { createMatchIndex } from '../../src/match/match-index.ts';
import { createScrubber } from '../../src/normalize/scrub/scrub.ts';
import type { WebhookFilter } from '../../src/webhook/webhook.ts';
import { webhookOf } from '../fixtures/webhook.ts';

const delayMsMax = 250;
/** The default size of a posted message, and of a form. */
const sizeMax = 1_048_576;
/** Just below what expressions look into. */
const bodyLength = 65_000;

/**
 * The longest time for which the event loop stood still while `work` ran; without the time in which the machine ran something else
 * instead, as the processor time of the loop's thread shows.
 */
async function longestDelayMs(work: () => void): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await delay(5);
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  await delay(5);
  histogram.disable();
  return Math.min(histogram.max / 1e6, (user + system) / 1e3);
}

const filled = (part: string, start = '{', length = sizeMax): string =>
  start + part.repeat(Math.ceil(length / part.length));

const caseVariants = Array.from({ length: 32 }, (_, bits) =>
  Array.from('value', (letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join(''),
);

describe('the event loop goes on', () => {
  const { bytes } = createScrubber();

  it.each([
    ['values without a name', filled('"value":')],
    ['contents', filled('"content":"x" ')],
    [
      'values in quotes of many escapes',
      `"name":"token",${Array.from({ length: 1_400 }, (_none, at) => `"value":${'\\'.repeat(at)}"`).join('')}`,
    ],
    ['one long value', filled('x', '{"value":"')],
    ['values in single quotes', filled("value':'")],
    ['values in both quotes', filled(`value":'`)],
    ['names of secrets', filled('"name":"token",')],
    ['names and values', filled('"name":"token","value":"x",')],
    ['secrets without an end', filled('"token":{')],
    ['passwords', filled('password=" ')],
    ['backslashes', filled('\\', '{"token')],
    ['digits', filled('1', '{"token')],
    ['blanks', filled(' ', '{token:bearer')],
    ['URLs without a password', filled('a://b:c')],
    ['URLs of a share without a password', filled('smb://b:c ')],
    ['URLs in quotes', filled('"smb://b:c\\"')],
    ['passwords in URLs', filled('a://b:c@')],
    ['user names', filled('b', 'smb://')],
    ['beginnings of scripts', filled('#!/')],
    ['beginnings of user data', filled('#cloud-config ')],
    ['user data in quotes', filled('"#cloud-config')],
    ['user data in escaped quotes', filled('\\"#!/')],
    ['elements', filled('<a ', '</')],
    ['elements of secrets', filled('<token>')],
    ['attributes', filled('b ', '</<token ')],
    ['blocks of lines', filled('pwd: |\n ')],
    ['blocks within a line', filled('pwd: | ')],
    ['private keys without an end', filled('-----BEGIN PRIVATE KEY-----')],
    ['private keys', filled('-----BEGIN PRIVATE KEY----------END ')],
    ['beginnings of tokens', filled('eyJaaaaaaaaa.')],
    ['Fernet tokens', filled('gAAAAA')],
    [
      'one name beside many values',
      JSON.stringify(
        Object.fromEntries([
          ['name', 'x'.repeat(sizeMax)],
          ...caseVariants.map(key => [key, 1] as const),
        ]),
      ),
    ],
  ])('while text with %s is scrubbed', async (_, text) => {
    const body = Buffer.from(text);
    expect(await longestDelayMs(() => void bytes(body))).toBeLessThan(delayMsMax);
  });

  it('while a text is scrubbed that is longer than a pattern can match', () => {
    const body = Buffer.from(`{"password":"${'x'.repeat(16 * sizeMax)}`);
    expect(Buffer.from(bytes(body)).toString()).toBe('{"password":"***');
  });

  const part = `${'a'.repeat(400)}b${'a'.repeat(400)}`;
  it.each<[string, string, (at: number) => string]>([
    ['letters of two cases', JSON.stringify({ t: '\u{fb03}'.repeat(bodyLength) }), upper],
    ['a word in Greek', JSON.stringify({ t: 'αΣ'.repeat(bodyLength / 2) }), upper],
    [
      'an object of many keys',
      JSON.stringify({ t: manyKeys() }),
      manyTimes('$boolean(original.t)'),
    ],
    [
      'a long part of a text',
      JSON.stringify({ t: 'a'.repeat(bodyLength) }),
      at => `$contains(original.t, "${part}") or 1 = ${at}`,
    ],
    [
      'the length of a text',
      JSON.stringify({ t: 'a'.repeat(bodyLength) }),
      manyTimes('$length(original.t) < 1'),
    ],
  ])('while a hundred expressions look at %s', async (_, body, expressionAt) => {
    const index = createMatchIndex();
    index.setDomain({ id: 'root' });
    index.setAccount({ id: 'anna', domainId: 'root' });
    for (let id = 0; id < 10; id += 1) {
      const filters = Array.from({ length: 10 }, (_none, at): WebhookFilter => ({
        mode: 'Include',
        type: 'Expression',
        matchType: 'Exact',
        value: expressionAt(id * 10 + at),
      }));
      index.upsertWebhook(webhookOf({ id: String(id), accountId: 'anna', filters }));
    }
    const event = { event: 'E', account: 'anna' };
    // Expressions are read once, when they are saved or first asked.
    index.match(event, '{}');
    expect(await longestDelayMs(() => void index.match(event, body))).toBeLessThan(delayMsMax);
  });

  it.each([
    ['names and values', filled('k0=v&', '')],
    ['names', filled('a&', '')],
    ['separators', filled('&', '')],
  ])('while a form full of %s is split', async (_, form) => {
    const split = (): void => void orNone(() => splitParameters('', form));
    expect(await longestDelayMs(split)).toBeLessThan(delayMsMax);
  });
});

function orNone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

function upper(at: number): string {
  return manyTimes('$uppercase(original.t) = "x"')(at);
}

/** An expression that asks the same again and again, and differs from others. */
function manyTimes(question: string): (at: number) => string {
  return at => `${Array.from({ length: 19 }, () => question).join(' or ')} or 1 = ${at}`;
}

function manyKeys(): Record<string, number> {
  return Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`k${at}`, 1]));
}
