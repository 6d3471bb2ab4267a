import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { logRedaction, withoutSecrets } from '../../src/access/secret/redact.ts';

describe('what is kept of a change', () => {
  it('has no secret in it, however deep, and says that there was one', () => {
    const kept = withoutSecrets({
      name: 'w',
      secretKey: 'hunter2',
      nested: { apiToken: 'hunter2', list: [{ password: 'hunter2' }], fine: 'yes' },
      headers: { 'X-Key': 'hunter2', deep: { er: ['hunter2'] } },
      credentials: ['hunter2', { a: 'hunter2' }],
    });
    expect(JSON.stringify(kept)).not.toContain('hunter2');
    expect(kept).toEqual({
      name: 'w',
      secretKey: '[hidden]',
      nested: { apiToken: '[hidden]', list: [{ password: '[hidden]' }], fine: 'yes' },
      headers: { 'X-Key': '[hidden]', deep: { er: ['[hidden]'] } },
      credentials: ['[hidden]', { a: '[hidden]' }],
    });
  });

  it('says that a secret was taken away, and keeps what is no text', () => {
    const change = { secretKey: null, password: '', hasSecret: true, tries: 3 };
    expect(withoutSecrets(change)).toEqual(change);
  });
});

function logged(facts: object): string {
  const lines: string[] = [];
  pino({ redact: logRedaction }, { write: line => lines.push(line) }).info(facts, 'it.happened');
  return lines.join('');
}

describe('a log line', () => {
  const named = { password: 'hunter2', token: 'hunter2', secretKey: 'hunter2', sealed: 'hunter2' };
  const headers = { authorization: 'hunter2', cookie: 'hunter2', 'set-cookie': 'hunter2' };

  it.each([
    ['the facts', named],
    ['headers', { headers }],
    ['headers that lie there by themselves', headers],
    ['a configuration', { config: named }],
    ['an error', { err: Object.assign(new Error('refused'), named) }],
    [
      'what a library attached to an error',
      { err: Object.assign(new Error('refused'), { headers, config: named, body: named }) },
    ],
  ])('has no secret in %s, and says that there was one', (_, facts) => {
    const line = logged(facts);
    expect(line).not.toContain('hunter2');
    expect(line).toContain('[hidden]');
  });

  it('keeps everything else', () => {
    const facts = { user: 'ada', status: 200, err: new Error('refused') };
    expect(JSON.parse(logged(facts))).toMatchObject({
      user: 'ada',
      status: 200,
      err: { message: 'refused' },
      msg: 'it.happened',
    });
  });
});
