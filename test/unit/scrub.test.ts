import { describe, expect, it } from 'vitest';

import { createScrubber, tooDeep } from '../../src/normalize/scrub/scrub.ts';

const { value: scrub, isSecretKey, bytes } = createScrubber();

describe('scrub', () => {
  it.each([
    ['a password', { password: 'x' }, { password: '***' }],
    [
      'a number',
      { pins: 1, cpuPin: 1, sessionId: 42 },
      { pins: '***', cpuPin: 1, sessionId: '***' },
    ],
    ['a whole object', { credentials: { a: 'x' } }, { credentials: '***' }],
    ['any spelling', { SECRET_KEY: 'x', 'api-key': 'x' }, { SECRET_KEY: '***', 'api-key': '***' }],
    ['a longer name', { 'details[0].vmPassword': 'x' }, { 'details[0].vmPassword': '***' }],
    ['an indexed name', { 'token[3]': 'x' }, { 'token[3]': '***' }],
    ['one in an array', [{ token: 'x' }, 1], [{ token: '***' }, 1]],
    ['a named value', { name: 'password', value: 'x' }, { name: 'password', value: '***' }],
    [
      'a flat named value',
      { 'd[0].key': 'secret', 'd[0].value': 'x', 'd[1].value': 'y' },
      { 'd[0].key': 'secret', 'd[0].value': '***', 'd[1].value': 'y' },
    ],
    [
      'the part of a hash',
      { name: 'partial_password_hash', content: 'x' },
      { name: 'partial_password_hash', content: '***' },
    ],
    [
      'a value that is put in place of another',
      [{ op: 'replace', path: '/driver_info/ipmi_password', value: { a: 'x' } }],
      [{ op: 'replace', path: '/driver_info/ipmi_password', value: '***' }],
    ],
    [
      'a named value that was and that will be',
      { FIELD: 'otp', OLD_VALUE: 'x', NEW_VALUE: 'x', id: 'token', values: ['x'], other: 'y' },
      { FIELD: 'otp', OLD_VALUE: '***', NEW_VALUE: '***', id: 'token', values: '***', other: 'y' },
    ],
    ['how to reach storage', { connection_info: { data: {} } }, { connection_info: '***' }],
    ['several of them', { tokens: ['x'] }, { tokens: '***' }],
    ['JSON in text', { cmdInfo: '{"psk":"x","a":1}' }, { cmdInfo: '{"psk":"***","a":1}' }],
    ['JSON after a class name', 'a.b.C/vm/{"password":"x"}/', 'a.b.C/vm/{"password":"***"}/'],
    [
      'JSON in JSON in text',
      { a: JSON.stringify({ b: JSON.stringify({ token: 'x' }) }) },
      { a: JSON.stringify({ b: JSON.stringify({ token: '***' }) }) },
    ],
    [
      'a query',
      { url: '/client/api?sessionkey=x%3D&id=1' },
      { url: '/client/api?sessionkey=***&id=1' },
    ],
    ['a header', 'Authorization: Bearer abc.def', 'Authorization: ***'],
    [
      'a header of another scheme',
      'Authorization: Token x\nHost: h',
      'Authorization: ***\nHost: h',
    ],
    ['each of several cookies', 'Cookie: a=x; b=x\r\nHost: h', 'Cookie: ***\r\nHost: h'],
    ['broken JSON', '{"password":"x y", "id":', '{"password":"***", "id":'],
    ['broken escaped JSON', String.raw`{\"secretkey\":\"x\"`, String.raw`{\"secretkey\":\"***\"`],
    [
      'a whole object in broken JSON',
      '{"connection_info":{"a":["x"],"b":"}x"},"c":1',
      '{"connection_info":"***","c":1',
    ],
    ['a list that is cut off', '{"a":1,"tokens":["x",{"b":"x', '{"a":1,"tokens":"***"'],
    [
      'a whole object in escaped broken JSON',
      String.raw`{"a":"{\"credentials\":{\"b\":\"x\"},\"c`,
      String.raw`{"a":"{\"credentials\":\"***\"`,
    ],
    [
      'a named value in broken JSON',
      '[{"name":"partial_password_hash","n":1,"content":"x"},{"name":"a","content":"y"}',
      '[{"name":"partial_password_hash","n":1,"content":"***"},{"name":"a","content":"y"}',
    ],
    [
      'a named value before its name in broken JSON',
      '[{"value":"x","key":"rootPassword"},{"value":"y","key":"a"}',
      '[{"value":"***","key":"rootPassword"},{"value":"y","key":"a"}',
    ],
    [
      'a value beside a path in broken JSON',
      '[{"path":"/a/pwd","op":"add","value":"x"},{"path":"/a","value":"y"}',
      '[{"path":"/a/pwd","op":"add","value":"***"},{"path":"/a","value":"y"}',
    ],
    [
      'what Python prints',
      "failed: {'password': 'x', 'auth': {'token': 'x'}, 'connection_info': {'a': 'x'}} at 1",
      "failed: {'password': '***', 'auth': {'token': '***'}, 'connection_info': \"***\"} at 1",
    ],
    ['what Ruby prints', `{:pwd => "x", 'otp' => 'x y'}`, `{:pwd => "***", 'otp' => '***'}`],
    [
      'a named value that Ruby prints',
      '{"name" => "secret", "value" => "x"}',
      '{"name" => "secret", "value" => "***"}',
    ],
    ['a list without quotes', 'id=1, tokens: [x, x], b=2', 'id=1, tokens: "***", b=2'],
    ['a value in braces', 'Server=h;Pwd={x;x};Port=1', 'Server=h;Pwd="***";Port=1'],
    ['JSON behind a name', 'bad credentials: {"a":["x"]} at 1', 'bad credentials: "***" at 1'],
    ['text around JSON', 'token=x {"a":1} token=y', 'token=*** {"a":1} token=***'],
    ['a URL', 'rbd://admin:x@mon/pool', 'rbd://admin:***@mon/pool'],
    ['a URL with an unencoded password', 'amqp://a:x@/x:#?@mq/v', 'amqp://a:***@mq/v'],
    [
      'a URL with escaped slashes in broken JSON',
      String.raw`{"a":"https:\/\/u:x@h\/p","b":"{\"c\":\"smb:\\\/\\\/u:x\/x@D`,
      String.raw`{"a":"https:\/\/u:***@h\/p","b":"{\"c\":\"smb:\\\/\\\/u:***@D`,
    ],
    ['a URL whose user has an @', 'smtp://a@example.org:x@mail', 'smtp://a@example.org:***@mail'],
    ['each of several URLs', 'http://a:x@b, http://c:x@d', 'http://a:***@b, http://c:***@d'],
    ['a URL among texts', "open 'smb://a:x x@b' for c@d", "open 'smb://a:***@b' for c@d"],
    ['a URL of a share', 'smb://a:x"x x/@x@D\\\\h\0p@q', 'smb://a:***@D\\\\h\0p@q'],
    ['a URL of a share in broken JSON', '{"a":"smb://a:x\\"x@b","c@', '{"a":"smb://a:***@b","c@'],
    ['nothing of the next line', 'password:\n  list: |\n', 'password:\n  list: |\n'],
    ['nothing of the next line of a list', 'token =\r\nb=1', 'token =\r\nb=1'],
    ['a block of lines', 'a:\n  pwd: |-\n    x\n\n     x\n  b: 1', 'a:\n  pwd: ***\n  b: 1'],
    [
      'XML',
      '<a:AdminPassword x="1">p w</a:AdminPassword><b>c</b>',
      '<a:AdminPassword x="1">***</a:AdminPassword><b>c</b>',
    ],
    ['a script', '#!/bin/sh\nx', '***'],
    ['user data in quotes', 'a: "#cloud-config\nx: y", b: c', 'a: "***", b: c'],
    ['user data in broken JSON', '{"a":"#!/bin/sh\\nx","b":', '{"a":"***","b":'],
    ['user data behind other text', 'invalid: #cloud-config\nx: y', 'invalid: ***'],
    ['user data with JSON in it', 'invalid: #cloud-config\nx: {"a":1}', 'invalid: ***'],
    ['user data of one part', 'Content-Type: text/cloud-config\n\nx: y', '***'],
    ['an encrypted token', 'a eyJhbGciOiJSU0EifQ.x-x.x.x.x: b', 'a ***: b'],
    ['user data of several parts', 'MIME-Version: 1.0\nContent-Type: multipart/mixed', '***'],
    [
      'a private key',
      'a -----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY----- b',
      'a *** b',
    ],
    ['a private key that is cut off', 'a\n-----BEGIN PRIVATE KEY-----\nx', 'a\n***'],
    ['a value in escaped quotes', '{"value":"x\\"x","key":"token"', '{"value":"***","key":"token"'],
  ])('takes out %s', (_, value, expected) => {
    expect(scrub(value)).toEqual(expected);
  });

  it.each([
    ['no secret', { id: 'b4e2', list: [1, 'two', { three: null }] }],
    ['a flag about one', { passwordenabled: 'true', password: false, token: null, secret: '' }],
    ['a key pair, which is a name', { keypair: 'mine', userdataid: '7' }],
    ['text with brackets', { description: 'VM [i-2-3] {started} at http://10.0.0.1:8080/' }],
    ['a key __proto__', JSON.parse('{"__proto__":{"a":1}}')],
  ])('answers with the very same value where there is %s', (_, value) => {
    expect(scrub(value)).toBe(value);
  });

  it('keeps a key __proto__ as data beside a secret', () => {
    const clean = scrub(JSON.parse('{"__proto__":{"token":"x"},"token":"y"}'));
    expect(JSON.stringify(clean)).toBe('{"__proto__":{"token":"***"},"token":"***"}');
  });

  it('leaves the value it was given as it is', () => {
    const value = { a: { token: 'x' } };
    scrub(value);
    expect(value).toEqual({ a: { token: 'x' } });
  });

  it('passes on nothing that is nested too deeply to be looked at', () => {
    let value: unknown = { token: 'x' };
    for (let depth = 0; depth < 40; depth += 1) value = [value];
    expect(JSON.stringify(scrub(value))).toBe(`${'['.repeat(32)}"${tooDeep}"${']'.repeat(32)}`);
  });
});

it.each(['password', 'sessionkey', 'apiKey', 'secretCodeFor2FA', 'ipsecpsk', 'userdata'])(
  'holds the key %s for a secret',
  key => expect(isSecretKey(key)).toBe(true),
);

it.each(['passwordenabled', 'sshkeypair', 'publickey', 'tokenizer', 'signatureversion', 'id'])(
  'does not hold the key %s for a secret',
  key => expect(isSecretKey(key)).toBe(false),
);

describe('a scrubber with further keys', () => {
  const { value, isSecretKey: isSecret } = createScrubber(['ssh fingerprint', 'a.b(c', '--']);

  it.each(['ssh_fingerprint', 'sshFingerprint', 'user.SSH-fingerprint', 'a_b(c', 'password'])(
    'holds the key %s for a secret',
    key => expect(isSecret(key)).toBe(true),
  );

  it.each(['ssh', 'fingerprint', 'a.b', 'id', ''])('does not hold the key %j for a secret', key =>
    expect(isSecret(key)).toBe(false),
  );

  it('finds them in text, too', () => {
    expect(value('ssh_fingerprint=SHA256:x y')).toBe('ssh_fingerprint=*** y');
  });
});

describe('the bytes of a message nobody could read', () => {
  it('are the very same where nothing looks like a secret', () => {
    const body = Buffer.from('{"id":1, broken');
    expect(bytes(body)).toBe(body);
  });

  it.each([
    ['JSON', '{"a":[{"token":"x"}]}', '{"a":[{"token":"***"}]}'],
    ['broken JSON', '{"token":"x", "a"', '{"token":"***", "a"'],
  ])('lose those of %s', (_, body, expected) => {
    expect(Buffer.from(bytes(Buffer.from(body))).toString()).toBe(expected);
  });

  it('that are no UTF-8 keep every other byte', () => {
    const body = Buffer.concat([
      Buffer.from([0x82, 0xff]),
      Buffer.from('token=x;'),
      Buffer.from([0xc3]),
    ]);
    const safe = Buffer.concat([
      Buffer.from([0x82, 0xff]),
      Buffer.from('token=***;'),
      Buffer.from([0xc3]),
    ]);
    expect(Buffer.from(bytes(body))).toEqual(safe);
  });
});

describe('a name that others resemble', () => {
  it.each(
    'bindpass dbpass db_pass dbPass pass PASS otp pin secretcode snmpcommunity jwt accessJwt vncticket vncTicket ticket sid recoveryCodes mnemonic tlskey tls.key sslKey'.split(
      ' ',
    ),
  )('is a secret’s: %s', key => {
    expect(isSecretKey(key)).toBe(true);
    expect(scrub({ [key]: 'hush' })).toEqual({ [key]: '***' });
  });

  it.each(
    'bypass compass passed passes_total passthrough pins_total cpuPin mapping spin ticketId ticket_number support_ticket inside side sidecar domainSid jwtExpiry tlsKeySize mnemonics_count recoveryCodesLeft optional'.split(
      ' ',
    ),
  )('is none: %s', key => {
    expect(scrub({ [key]: 'shown' })).toEqual({ [key]: 'shown' });
  });
});

const processorMsOf = (text: string): number => {
  const before = process.cpuUsage();
  scrub(text);
  const { user } = process.cpuUsage(before);
  return user / 1_000;
};

describe('a secret behind its name', () => {
  it.each([
    ["mysql --password 'hush hush' db", "mysql --password '***' db"],
    ['mysql --password "hush" db', 'mysql --password "***" db'],
    [String.raw`run \"--db-password \"hush\" x`, String.raw`run \"--db-password \"***\" x`],
    ['curl --token hush --user a', 'curl --token *** --user a'],
    ['openssl -passphrase hush -in x', 'openssl -passphrase *** -in x'],
    ['--api-key hush', '--api-key ***'],
    ['The new password is Xw3kP.', 'The new password is ***'],
    ['the password is "hush hush", thanks', 'the password is "***", thanks'],
    ["your token was 'hush'", "your token was '***'"],
    ['Password is p@ss-w0rd for root', 'Password is *** for root'],
  ])('is scrubbed: %s', (dirty, clean) => {
    expect(scrub(dirty)).toBe(clean);
  });

  it.each([
    'the password is required',
    'The password is too short.',
    'the token was refused, try again',
    'the secret is missing or well-known',
    'the token was 3 days old',
    'a password is needed at 2026-11-30T10:00:00Z',
    'mysql --password --user root',
    'docker login --password-stdin registry',
    'set a password for the console',
    'tokens are renewed',
    'the password -- if any -- is kept',
  ])('is not, where there is none: %s', text => {
    expect(scrub(text)).toBe(text);
  });

  it('is found in time that is linear in the length of the text', () => {
    for (const part of ['--password ', 'password is ', '-', '--token --', 'a-']) {
      // Some tens of milliseconds of processor time are usual; a quadratic search takes minutes.
      expect(processorMsOf(part.repeat(1_000_000 / part.length))).toBeLessThan(5_000);
    }
  });
});
