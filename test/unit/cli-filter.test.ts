import { describe, expect, it } from 'vitest';

import { parseFilter, showFilter } from '../../src/cli/webhook/filter-text.ts';

const filter = (type: string, mode: string, matchType: string, value: string) => ({
  type,
  mode,
  matchType,
  value,
});

describe('a filter on the command line', () => {
  it.each([
    ['VM.START', filter('EventType', 'Include', 'Exact', 'VM.START')],
    ['Prefix:VM.', filter('EventType', 'Include', 'Prefix', 'VM.')],
    ['Exclude:VM.START', filter('EventType', 'Exclude', 'Exact', 'VM.START')],
    ['Exclude:Prefix:VM.', filter('EventType', 'Exclude', 'Prefix', 'VM.')],
    ['Include:Exact:a:b:c', filter('EventType', 'Include', 'Exact', 'a:b:c')],
    ['Status:Failed', filter('Status', 'Include', 'Exact', 'Failed')],
    ['Exclude:Severity:info', filter('Severity', 'Exclude', 'Exact', 'info')],
    ['Include:EventType:Contains:x', filter('EventType', 'Include', 'Contains', 'x')],
    ['Expression:a = "x:y"', filter('Expression', 'Include', 'Exact', 'a = "x:y"')],
    ['Exclude:Expression:Exact = 1', filter('Expression', 'Exclude', 'Exact', 'Exact = 1')],
  ])('%s is read', (text, expected) => {
    expect(parseFilter(text)).toEqual(expected);
    expect(parseFilter(showFilter({ ...expected, id: 'x', created: 'now' }))).toEqual(expected);
  });

  it.each([
    '',
    'Prefx:VM.',
    'Exclude:',
    'Status:',
    'Statsu:Failed',
    'Include:Prefix:',
    'Status:a:b',
  ])('%j is refused with what is expected', text => {
    expect(() => parseFilter(text)).toThrow(/expected \[MODE:\]\[TYPE:\]\[MATCH:\]VALUE/);
  });
});
