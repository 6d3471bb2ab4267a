import { describe, expect, it } from 'vitest';

import { signQuery } from '../../src/directory/cloudstack/cloudstack-sign.ts';
import {
  canonicalQuery,
  signQueryText,
} from '../../src/directory/cloudstack/cloudstack-signature.ts';

/**
 * Worked out by Python:
 *
 *     query = '&'.join(k + '=' + quote(v, safe='*-._').replace('~', '%7E') for k, v in sorted(params.items()))
 *     b64encode(hmac.new(secret.encode(), query.lower().encode(), hashlib.sha1).digest())
 */
const vectors = [
  {
    params: {
      command: 'listDomains',
      response: 'json',
      apiKey:
        'miVr6X7u6bN_sdahOBpjNejPgEsT35eXq-jB8CG20YI3yaxXcgpyuaIRmFI_EJTVwZ0nUkkJbPmY3y2bciKwFQ',
    },
    secretKey:
      'VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ',
    query:
      'apiKey=miVr6X7u6bN_sdahOBpjNejPgEsT35eXq-jB8CG20YI3yaxXcgpyuaIRmFI_EJTVwZ0nUkkJbPmY3y2bciKwFQ&command=listDomains&response=json',
    expected: 'f6ePeq7m5Dhfq0eBjyYUiRHrWZY=',
  },
  {
    params: {
      command: 'listAccounts',
      name: "Zoë O'Neil (a*b) ~1+2/3=50%",
      Zone: 'x',
      apiKey: 'k',
      response: 'json',
      signatureVersion: '3',
      expires: '2026-11-22T10:00:00+0000',
    },
    secretKey: 'geheim-ß',
    query:
      'Zone=x&apiKey=k&command=listAccounts&expires=2026-11-22T10%3A00%3A00%2B0000&name=Zo%C3%AB%20O%27Neil%20%28a*b%29%20%7E1%2B2%2F3%3D50%25&response=json&signatureVersion=3',
    expected: 'XGuKvPDUNT7JjILUk9maM0MmxQg=',
  },
  {
    params: { command: 'listUsers', keyword: 'a b&c=d', apiKey: 'K', response: 'json' },
    secretKey: 's',
    query: 'apiKey=K&command=listUsers&keyword=a%20b%26c%3Dd&response=json',
    expected: 'aSy1SGA+0nbwvzeC5LpV9JZpQD0=',
  },
];

describe('a request to CloudStack', () => {
  it.each(vectors)('is written and signed as Java does: $query', vector => {
    expect(canonicalQuery(Object.entries(vector.params))).toBe(vector.query);
    expect(signQueryText(vector.query, vector.secretKey)).toBe(vector.expected);
  });

  it('is of version 3 and expires in ten minutes, well before the server’s limit', () => {
    const query = new URLSearchParams(
      signQuery(
        { command: 'listDomains', response: 'json' },
        { apiKey: 'k', secretKey: 's' },
        Date.parse('2026-11-22T09:50:00.999Z'),
      ),
    );
    expect(Object.fromEntries(query)).toMatchObject({
      apiKey: 'k',
      command: 'listDomains',
      expires: '2026-11-22T10:00:00+0000',
      signatureVersion: '3',
    });
    expect(query.get('signature')).toBe(signQueryText(canonicalQuery(query), 's'));
  });
});
