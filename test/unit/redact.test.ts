import { describe, expect, it } from 'vitest';

import { withoutSecrets } from '../../src/access/secret/redact.ts';

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
