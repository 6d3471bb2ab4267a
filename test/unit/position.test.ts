import { describe, expect, it } from 'vitest';

import {
  type Committed,
  decidePosition,
  type Decision,
  type PartitionFacts,
  readMark,
  writeMark,
} from '../../src/source/kafka/position.ts';

const history = '8d5f1d0e-6a57-4c86-a3f4-0d0d5f1c9d10';
const other = '00000000-0000-4000-8000-000000000000';

const nothing: PartitionFacts = {
  topic: 't',
  partition: 0,
  topicId: 'a',
  stored: undefined,
  isTopicKnown: false,
  committed: undefined,
  logStart: 5n,
  stableEnd: 90n,
  logEnd: 100n,
};

const at = (nextOffset: bigint, topicId: string | undefined = 'a', startOffset = 0n) => ({
  stored: { topic: 't', partition: 0, topicId, startOffset, nextOffset },
  isTopicKnown: true,
});
const ours = (offset: bigint, of = history, topicId = 'a', startOffset = 7n) => ({
  committed: {
    offset,
    metadata: writeMark({ history: of, topicId, startOffset, recordedTo: offset }),
  },
});
const theirs = (offset: bigint, metadata = ''): { committed: Committed } => ({
  committed: { offset, metadata },
});
const replaying = (nextOffset: bigint, untilOffset: bigint) => ({
  stored: { ...at(nextOffset).stored, replay: { id: other, untilOffset } },
  isTopicKnown: true,
});

const decide = (facts: Partial<PartitionFacts>, fromBeginning = false): Decision =>
  decidePosition({ ...nothing, ...facts }, { history, fromBeginning });

type Expected = Partial<Decision>;

describe('where a partition is read from', () => {
  const cases: readonly (readonly [string, Partial<PartitionFacts>, Expected])[] = [
    [
      'behind the newest record anybody may read, where nothing is known',
      {},
      { nextOffset: 90n, reason: 'first' },
    ],
    ['where the database says', at(40n), { nextOffset: 40n, reason: 'stored' }],
    [
      'there too when the group has lost its offset',
      { ...at(40n), committed: undefined },
      { nextOffset: 40n, reason: 'stored' },
    ],
    [
      'there too when the group is ahead: the database is an older one',
      { ...at(40n), ...ours(60n) },
      { nextOffset: 40n, reason: 'rewound', lost: 0n },
    ],
    [
      'there too when the group is behind',
      { ...at(40n), ...ours(30n) },
      { nextOffset: 40n, reason: 'stored' },
    ],
    [
      "there too when the group is another database's",
      { ...at(40n), ...ours(60n, other) },
      { nextOffset: 40n },
    ],
    [
      'at the oldest record, with the number of those that are gone',
      at(2n),
      { nextOffset: 5n, lost: 3n },
    ],
    [
      'at the end, when Kafka has lost what was behind it',
      at(120n),
      { nextOffset: 100n, reason: 'truncated', lost: 0n },
    ],
    [
      'at the beginning of another topic of the same name',
      at(40n, 'b'),
      { nextOffset: 5n, reason: 'recreated', lost: 5n },
    ],
    [
      'at the beginning, where without ids the log ends before the position',
      { ...at(120n, undefined), topicId: undefined },
      { nextOffset: 5n, reason: 'recreated' },
    ],
    [
      'at the beginning of a new partition',
      { isTopicKnown: true, logStart: 0n },
      { nextOffset: 0n, reason: 'new', lost: 0n },
    ],
    [
      'at the beginning of a new partition, some of which is gone already',
      { isTopicKnown: true },
      { nextOffset: 5n, reason: 'new', lost: 5n },
    ],
    [
      'where reading began, when the database is from before that',
      ours(60n),
      { nextOffset: 7n, reason: 'rewound', lost: 0n },
    ],
    [
      'at the oldest record, when that is later',
      ours(60n, history, 'a', 2n),
      { nextOffset: 5n, reason: 'rewound', lost: 3n },
    ],
    [
      "where another database's Hookline stopped",
      ours(60n, other),
      { nextOffset: 60n, reason: 'taken over', lost: 0n },
    ],
    [
      "at the beginning, when the group's offset is of an earlier topic of the same name",
      ours(60n, history, 'b'),
      { nextOffset: 5n, reason: 'recreated', lost: 5n },
    ],
    [
      "as if nothing were known, when that offset is another database's",
      ours(60n, other, 'b'),
      { nextOffset: 90n, reason: 'first' },
    ],
    [
      'where the operator wants, back',
      { ...at(40n), ...theirs(20n) },
      { nextOffset: 20n, reason: 'operator', replayUntil: 40n, lost: 0n },
    ],
    [
      'where the operator wants, forward',
      { ...at(40n), ...theirs(70n) },
      { nextOffset: 70n, reason: 'operator', lost: 0n },
    ],
    [
      'where the operator wants, with a text of their own',
      { ...at(40n), ...theirs(70n, 'Hookline, go on here') },
      { nextOffset: 70n, reason: 'operator' },
    ],
    [
      'where the operator wants, though it is where it was',
      { ...at(40n), ...theirs(40n) },
      { nextOffset: 40n, reason: 'stored' },
    ],
    [
      'as far back as Kafka can, nothing of which is lost',
      { ...at(40n), ...theirs(0n) },
      { nextOffset: 5n, replayUntil: 40n, lost: 0n },
    ],
    [
      'as far back as Kafka can, what is gone and was never recorded is lost',
      { ...at(2n), ...theirs(0n) },
      { nextOffset: 5n, lost: 3n },
    ],
    [
      'at the end, when the operator wants more than there is',
      { ...at(40n), ...theirs(500n) },
      { nextOffset: 100n, reason: 'operator', lost: 0n },
    ],
    [
      'where the operator wants, of a topic that is not known yet',
      theirs(20n),
      { nextOffset: 20n, reason: 'operator', lost: 0n },
    ],
    [
      'where the operator wants, in another topic of the same name',
      { ...at(40n, 'b'), ...theirs(20n) },
      { nextOffset: 20n, reason: 'operator', lost: 0n },
    ],
    [
      'on in what is being read again',
      replaying(20n, 40n),
      { nextOffset: 20n, reason: 'stored', replayUntil: 40n },
    ],
    [
      'on behind it when Kafka has deleted all of it, and more',
      { ...replaying(2n, 4n) },
      { nextOffset: 5n, lost: 1n },
    ],
    [
      'further back, up to what had been recorded at first',
      { ...replaying(20n, 40n), ...theirs(10n) },
      { nextOffset: 10n, replayUntil: 40n },
    ],
  ];

  it.each(cases)('is %s', (_, facts, expected) => {
    const decision = decide(facts);
    expect(decision).toMatchObject(expected);
    expect(decision).toEqual({ ...decision, ...expected });
    expect('replayUntil' in decision).toBe('replayUntil' in expected);
  });

  it('is at the oldest record where nothing is known and `fromBeginning` is true', () => {
    expect(decide({}, true)).toMatchObject({ nextOffset: 5n, reason: 'first', lost: 0n });
  });
});

describe('the text beside a committed offset', () => {
  it('says whose it is', () => {
    const mark = { history, topicId: 'a', startOffset: 7n, recordedTo: 12n };
    expect(readMark(writeMark(mark))).toEqual(mark);
    expect(readMark(writeMark({ ...mark, topicId: undefined }))).toEqual({
      ...mark,
      topicId: undefined,
    });
  });

  it.each(['', 'Hookline', 'NO_METADATA', ' Hookline history=a topic=b start=1 recorded=1', 'x'])(
    "is nobody's of ours when it is '%s'",
    text => expect(readMark(text)).toBeUndefined(),
  );
});
