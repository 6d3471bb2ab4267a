import { describe, expect, it } from 'vitest';

import { BatchGivenUpError } from '../../src/event/errors.ts';
import type { Message, MessageBatch } from '../../src/event/message.ts';
import { createHttpSource, type HttpSourceOptions } from '../../src/source/http.ts';
import type { RecordBatch } from '../../src/source/sessions.ts';
import { captureLog } from '../conformance/source-log.ts';
import { waitUntil } from '../service/wait-until.ts';

const message = (text: string): Message => ({
  position: 'POST /v1/in/x from 127.0.0.1',
  body: Buffer.from(text),
  redelivered: false,
});

const textsOf = ({ messages }: MessageBatch): string[] => messages.map(({ body }) => String(body));

/** Records at once, and tells each sender the text of its message for an id. */
const recordAll: RecordBatch = async batch => {
  for (const one of batch.messages) {
    batch.tell?.(one, { kind: 'recorded', eventIds: [String(one.body)], refused: [] });
  }
};

function start(record: RecordBatch = recordAll, options: Partial<HttpSourceOptions> = {}) {
  const batches: MessageBatch[] = [];
  const stop = new AbortController();
  const source = createHttpSource({
    name: 'x',
    batchMax: 10,
    waitingMax: 100,
    waitMs: 60_000,
    log: captureLog(),
    ...options,
  });
  const running = source.run(async batch => {
    batches.push(batch);
    await record(batch);
  }, stop.signal);
  const over = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { source, batches, running, stop: over, [Symbol.asyncDispose]: over };
}

const refused = (reason: RegExp) => ({
  kind: 'refused',
  reason: expect.stringMatching(reason),
  retryAfterSeconds: expect.any(Number),
});

describe('a source that is posted to', () => {
  it('answers a sender with what became of its message, once that is recorded', async () => {
    const recorded = Promise.withResolvers<void>();
    await using run = start(async batch => {
      await recorded.promise;
      await recordAll(batch);
    });
    let isAnswered = false;
    const answer = run.source.accept(message('a')).then(acceptance => {
      isAnswered = true;
      return acceptance;
    });
    await waitUntil('a batch', () => run.batches.length === 1);
    expect(isAnswered).toBe(false);
    recorded.resolve();
    expect(await answer).toEqual({ kind: 'recorded', eventIds: ['a'], refused: [] });
  });

  it('gathers while a batch is being recorded, and records in batches of the size allowed', async () => {
    const recorded = Promise.withResolvers<void>();
    await using run = start(async batch => {
      await recorded.promise;
      await recordAll(batch);
    });
    const texts = Array.from({ length: 26 }, (_, at) => `m${at}`);
    const answers = Promise.all(texts.map(text => run.source.accept(message(text))));
    expect(run.source.status()).toEqual({ state: 'running', lag: 26 });
    recorded.resolve();
    expect(await answers).toEqual(
      texts.map(text => ({ kind: 'recorded', eventIds: [text], refused: [] })),
    );
    expect(run.batches.flatMap(textsOf)).toEqual(texts);
    expect(run.batches.map(({ messages }) => messages.length)).toEqual([10, 10, 6]);
    expect(run.source.status()).toEqual({ state: 'running', lag: 0 });
  });

  it('closes a batch that has bytes enough', async () => {
    await using run = start(recordAll, { batchBytesMax: 10 });
    await Promise.all(['aaaaaa', 'bbbbbb', 'c'].map(text => run.source.accept(message(text))));
    expect(run.batches.map(textsOf)).toEqual([['aaaaaa', 'bbbbbb'], ['c']]);
  });

  it('refuses what is not recorded in time, and records it no more', async () => {
    const isOver = Promise.withResolvers<void>();
    await using run = start(
      async batch => {
        await waitUntil('nobody to wait', () => !batch.isHeld());
        await isOver.promise;
        throw new BatchGivenUpError();
      },
      { waitMs: 20 },
    );
    const first = run.source.accept(message('first'));
    await waitUntil('a batch', () => run.batches.length === 1);
    const second = run.source.accept(message('second'));
    expect(await Promise.all([first, second])).toEqual([refused(/in time/), refused(/in time/)]);
    expect(run.batches[0]?.isHeld()).toBe(false);
    isOver.resolve();
    await run.stop();
    expect(run.batches.map(textsOf)).toEqual([['first']]);
  });

  it('holds a batch for as long as one sender waits for it', async () => {
    const recorded = Promise.withResolvers<void>();
    await using run = start(async batch => {
      await recorded.promise;
      await recordAll(batch);
    });
    const answer = run.source.accept(message('a'));
    await waitUntil('a batch', () => run.batches.length === 1);
    expect(run.batches[0]?.isHeld()).toBe(true);
    recorded.resolve();
    await answer;
    expect(run.batches[0]?.isHeld()).toBe(false);
  });

  it('refuses at once while it is paused, and ends what it has taken', async () => {
    const recorded = Promise.withResolvers<void>();
    await using run = start(async batch => {
      await recorded.promise;
      await recordAll(batch);
    });
    const taken = [run.source.accept(message('a')), run.source.accept(message('b'))];
    run.source.pause();
    expect(run.source.status().state).toBe('paused');
    expect(await run.source.accept(message('c'))).toEqual(refused(/paused/));
    recorded.resolve();
    expect(await Promise.all(taken)).toMatchObject([{ kind: 'recorded' }, { kind: 'recorded' }]);
    run.source.resume();
    expect(await run.source.accept(message('d'))).toMatchObject({ kind: 'recorded' });
  });

  it.each([
    ['messages', { waitingMax: 3 }],
    ['bytes', { waitingBytesMax: 3 }],
  ])('refuses at once when too many %s wait', async (_, limits) => {
    const recorded = Promise.withResolvers<void>();
    await using run = start(async batch => {
      await recorded.promise;
      await recordAll(batch);
    }, limits);
    const taken = ['a', 'b', 'c'].map(text => run.source.accept(message(text)));
    expect(await run.source.accept(message('d'))).toEqual(refused(/Too many/));
    recorded.resolve();
    await Promise.all(taken);
    expect(await run.source.accept(message('a large one'))).toMatchObject({ kind: 'recorded' });
  });

  it('takes nothing before it runs and after, and leaves nobody waiting', async () => {
    const idle = createHttpSource({
      name: 'x',
      batchMax: 1,
      waitingMax: 1,
      waitMs: 1_000,
      log: captureLog(),
    });
    expect(await idle.accept(message('a'))).toEqual(refused(/accepts no messages/));
    const stopping = Promise.withResolvers<void>();
    const run = start(
      async () => {
        await stopping.promise;
        throw new BatchGivenUpError();
      },
      { batchMax: 1 },
    );
    const answers = ['a', 'b'].map(text => run.source.accept(message(text)));
    await waitUntil('a batch', () => run.batches.length === 1);
    const stopped = run.stop();
    stopping.resolve();
    await stopped;
    expect(await Promise.all(answers)).toEqual([
      refused(/in time/),
      refused(/accepts no messages/),
    ]);
    expect(await run.source.accept(message('c'))).toEqual(refused(/accepts no messages/));
    expect(run.source.status()).toEqual({ state: 'stopped' });
  });

  it('does not swallow what is no trouble of the database', async () => {
    const run = start(async () => {
      throw new RangeError('a bug');
    });
    const answer = run.source.accept(message('a'));
    await expect(run.running).rejects.toThrow('a bug');
    expect(await answer).toEqual(refused(/in time/));
    expect(await run.source.accept(message('b'))).toEqual(refused(/accepts no messages/));
  });
});
