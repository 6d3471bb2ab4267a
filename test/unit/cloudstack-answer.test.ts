import { describe, expect, it } from 'vitest';

import {
  answerTypeOf,
  listFields,
  errorFields,
  writeAnswer,
  writeInstant,
} from '../../src/api/cloudstack/request/answer.ts';
import { readArguments } from '../../src/api/cloudstack/request/arguments.ts';
import { CommandError } from '../../src/api/cloudstack/request/command-error.ts';
import { findCommand, commands } from '../../src/api/cloudstack/commands.ts';
import { parseDate, parseZoned } from '../../src/api/cloudstack/request/instant.ts';
import { readPage } from '../../src/api/cloudstack/request/page.ts';
import { functionOf, toErrorResponse } from '../../src/api/cloudstack/run.ts';
import { commandPermissionFor, listCommandPermissions } from '../../src/access/permission.ts';
import type { Role } from '../../src/store/schema/access-words.ts';

const xml = (name: string, inner: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><${name} cloud-stack-version="4.23.0.0">${inner}</${name}>`;

describe('an answer', () => {
  it.each([
    {
      what: 'an object, without what is null',
      fields: { webhook: { id: 'i', description: null, project: undefined, scope: 'Local' } },
      json: '{"webhook":{"id":"i","scope":"Local"}}',
      inner: '<webhook><id>i</id><scope>Local</scope></webhook>',
    },
    {
      what: 'a list: its rows stand side by side in XML',
      fields: listFields('webhook', 3, [{ id: 'a' }, { id: 'b' }]),
      json: '{"count":3,"webhook":[{"id":"a"},{"id":"b"}]}',
      inner: '<count>3</count><webhook><id>a</id></webhook><webhook><id>b</id></webhook>',
    },
    {
      what: 'a page behind the last one: the count alone',
      fields: listFields('webhook', 3, []),
      json: '{"count":3}',
      inner: '<count>3</count>',
    },
    {
      what: 'an empty list: nothing at all',
      fields: listFields('webhook', 0, []),
      json: '{}',
      inner: '',
    },
    {
      what: 'success',
      fields: { success: true },
      json: '{"success":true}',
      inner: '<success>true</success>',
    },
    {
      what: 'a refusal',
      fields: errorFields({ errorCode: 431, csErrorCode: 4350, errorText: 'No' }),
      json: '{"uuidList":[],"errorcode":431,"cserrorcode":4350,"errortext":"No"}',
      inner: '<errorcode>431</errorcode><cserrorcode>4350</cserrorcode><errortext>No</errortext>',
    },
  ])('is written as CloudStack writes $what', ({ fields, json, inner }) => {
    expect(writeAnswer('json', 'aresponse', fields)).toBe(`{"aresponse":${json}}`);
    expect(writeAnswer('xml', 'aresponse', fields)).toBe(xml('aresponse', inner));
  });

  it('is XML whatever stands in it', () => {
    const text = `<a> & "b" 'c' \u0000\u0008\ud800\uffff\r\n\t😀é`;
    expect(writeAnswer('xml', 'r', { text })).toBe(
      xml(
        'r',
        '<text>&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos; \ufffd\ufffd\ufffd\ufffd&#13;\n\t😀é</text>',
      ),
    );
  });

  it.each([
    ['json', 'json'],
    ['JSON', 'json'],
    ['xml', 'xml'],
    ['yaml', 'xml'],
    ['', 'xml'],
    [undefined, 'xml'],
  ])('to response=%s is %s', (response, type) => {
    expect(answerTypeOf(response)).toBe(type);
  });

  it('has instants with the offset of UTC', () => {
    expect(writeInstant('2025-11-07T22:31:44.123Z')).toBe('2025-11-07T22:31:44+0000');
    expect(writeInstant(null)).toBeUndefined();
  });
});

const command = (name: string) => {
  const found = findCommand(name);
  if (!found) throw new RangeError(name);
  return found;
};
const read = (name: string, params: Record<string, string>, role: Role = 'Admin') =>
  readArguments(command(name), new Map(Object.entries(params)), role);

function refusalOf(reading: () => unknown): readonly unknown[] {
  try {
    reading();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { errorCode, csErrorCode, errorText } = error.response;
    return [errorCode, csErrorCode, errorText];
  }
  throw new RangeError('it was not refused');
}

const notAnId = (name: string, parameter: string, value: string): string =>
  `Unable to execute API command ${name} due to invalid value. Invalid parameter ${parameter} value=${value} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`;

describe("a command's parameters", () => {
  it.each([
    [
      'createWebhook',
      { name: 'a' },
      'Unable to execute API command createwebhook due to missing parameter payloadurl',
    ],
    ['createWebhook', { name: ' ' }, 'Empty or null value provided for API arg: name'],
    [
      'createWebhook',
      { name: 'n'.repeat(256) },
      'Unable to execute API command createwebhook due to invalid value. Value greater than max allowed length 255 for param: name',
    ],
    [
      'createWebhook',
      { name: 'n', payloadurl: 'u'.repeat(2_048) },
      'Unable to execute API command createwebhook due to invalid value. Value greater than max allowed length 2047 for param: payloadUrl',
    ],
    [
      'createWebhook',
      { name: 'n', payloadurl: 'u', sslverification: 'yes' },
      'Unable to execute API command createwebhook due to invalid value yes for parameter sslverification',
    ],
    ['deleteWebhook', { id: 'x' }, notAnId('deletewebhook', 'id', 'x')],
    ['deleteWebhook', { id: '-1' }, notAnId('deletewebhook', 'id', '-1')],
    [
      'listWebhooks',
      { page: 'one' },
      'Unable to execute API command listwebhooks due to invalid value one for parameter page',
    ],
    [
      'listWebhooks',
      { page: '2147483648' },
      'Unable to execute API command listwebhooks due to invalid value 2147483648 for parameter page',
    ],
    [
      'listWebhookDeliveries',
      { startdate: '2026-02-30' },
      'Unable to parse date 2026-02-30 for command listwebhookdeliveries, please pass dates in the format mentioned in the api documentation',
    ],
  ])('of %s: %j are refused', (name, params, text) => {
    expect(refusalOf(() => read(name, params))).toEqual([431, 9999, text]);
  });

  it('are read as what they are', () => {
    const args = read('listWebhooks', { page: ' ', pagesize: '+20', listall: 'TRUE', name: '' });
    expect(args.whole('page')).toBeUndefined();
    expect(args.whole('pagesize')).toBe(20);
    expect(args.flag('listall')).toBe(true);
    expect(args.text('name')).toBe('');
    expect(args.text('keyword')).toBeUndefined();
  });

  it('are ignored where they are not for the role, or unknown', () => {
    const params = { name: 'n', payloadurl: 'u', scope: 'Global', nothing: 'x' };
    expect(read('createWebhook', params, 'User').text('scope')).toBeUndefined();
    expect(read('createWebhook', params, 'DomainAdmin').text('scope')).toBe('Global');
    expect(read('createWebhook', params).text('nothing')).toBeUndefined();
  });
});

describe('a page', () => {
  it.each([
    [{}, { offset: 0, limit: 500 }],
    [{ pagesize: '-1' }, { offset: 0, limit: 500 }],
    [
      { page: '1', pagesize: '20' },
      { offset: 0, limit: 20 },
    ],
    [
      { page: '3', pagesize: '20' },
      { offset: 40, limit: 20 },
    ],
    [
      { page: '0', pagesize: '20' },
      { offset: 0, limit: 20 },
    ],
    [
      { page: '-7', pagesize: '500' },
      { offset: 0, limit: 500 },
    ],
    [
      { page: '2147483647', pagesize: '500' },
      { offset: 500 * 2_147_483_646, limit: 500 },
    ],
  ])('is read from %j', (params, page) => {
    expect(readPage(read('listWebhooks', params))).toEqual(page);
  });

  it.each([
    [{ page: '1' }, 9999, '"pagesize" parameter is required when "page" is specified'],
    [{ pagesize: '1' }, 9999, '"page" parameter is required when "pagesize" is specified'],
    [
      { page: '1', pagesize: '501' },
      4350,
      "Page size can't exceed max allowed page size value: 500",
    ],
    [
      { page: '1', pagesize: '-1' },
      4350,
      "Can't specify page parameter when pagesize is -1 (Unlimited)",
    ],
    [{ page: '1', pagesize: '-2' }, 4350, 'Invalid pagesize specified: -2'],
  ])('cannot be %j', (params, csErrorCode, text) => {
    const refused = refusalOf(() => readPage(read('listWebhooks', params)));
    expect(refused).toEqual([431, csErrorCode, text]);
  });
});

describe('a date', () => {
  it.each([
    ['2026-11-22', false, '2026-11-22T00:00:00.000Z'],
    ['2026-11-22', true, '2026-11-22T23:59:59.000Z'],
    ['2026-11-22 10:20:30', true, '2026-11-22T10:20:30.000Z'],
    ['2026-11-22T10:20:30+0530', false, '2026-11-22T04:50:30.000Z'],
    ['2026-11-22T10:20:30Z', false, '2026-11-22T10:20:30.000Z'],
  ])('%s (as an end: %s) is %s', (text, isEnd, expected) => {
    expect(parseDate(text, isEnd)?.toISOString()).toBe(expected);
  });

  it.each(['', '2026', '22.11.2026', '2026-13-01', '2026-11-22 25:00:00', '1969-12-31', 'now'])(
    '%j is none',
    text => {
      expect(parseDate(text, false)).toBeUndefined();
    },
  );

  it("may be written as CloudStack's older clients do, with a zone behind the zone", () => {
    expect(parseZoned('2011-10-10T12:00:00Z+0530')?.toISOString()).toBe('2011-10-10T06:30:00.000Z');
  });
});

describe('the commands', () => {
  it('have each a function, but for those of the session, and a row in the permission table', () => {
    const names = commands.map(({ name }) => name);
    const run = names.filter(name => functionOf(name) !== undefined);
    expect(names.filter(name => !run.includes(name))).toEqual(['login', 'logout']);
    expect(listCommandPermissions().toSorted()).toEqual(run.toSorted());
    expect(() => commandPermissionFor('toString2')).toThrow(RangeError);
  });

  it('have parameters whose names are in lower case and stand once', () => {
    for (const { parameters } of commands) {
      const names = parameters.map(({ name }) => name);
      expect(names).toEqual(names.map(name => name.toLowerCase()));
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('tell nothing of what went wrong inside', () => {
    const error = new Error('password=hunter2');
    expect(toErrorResponse(error, 'listWebhooks')).toEqual({
      errorCode: 530,
      csErrorCode: 9999,
      errorText: 'Command failed due to Internal Server Error',
    });
    const away = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(toErrorResponse(away, 'listWebhooks').errorText).toBe(
      'The database cannot be reached; try again in a moment',
    );
  });
});
