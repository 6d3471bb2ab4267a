/**
 * A topic, a group, a database and one member that reads, as far as positions go. The member decides with the program's
 * own code; a batch is recorded by the rule of the recording statement.
 */
import type { Log } from '../../src/event/log.ts';
import type { StoredPosition } from '../../src/event/message.ts';
import { createDecider } from '../../src/source/kafka/kafka-positions.ts';
import { type DecidedPosition, keyOf } from '../../src/source/kafkajs/kafka-reading.ts';
import { keepPositions } from '../conformance/stored-positions.ts';

export type Step =
  | { do: 'produce' | 'consume' | 'retain'; partition: number; count: number }
  | { do: 'set'; partition: number; to: number }
  | { do: 'recreate'; count: number }
  | {
      do:
        | 'start'
        | 'crash'
        | 'stop'
        | 'commit'
        | 'dump'
        | 'restore'
        | 'addPartition'
        | 'forgetGroup';
    };

/** The log of one partition: its records are the offsets from `start` up to `end`. */
interface Partition {
  start: bigint;
  end: bigint;
}

interface Reading extends DecidedPosition {
  next: bigint;
}

interface Dump {
  readonly positions: readonly StoredPosition[];
  readonly recorded: ReadonlySet<string>;
  readonly lost: bigint;
}

const topic = 't';

export class World {
  #generation = 1;
  #partitions: Partition[] = [{ start: 0n, end: 0n }];
  #group = new Map<number, { offset: bigint; metadata: string }>();
  /** Records of this database's history, as `generation/partition/offset`. */
  #recorded = new Set<string>();
  /** Records that nobody is owed: before the first start, or skipped by an operator. */
  readonly #excused = new Set<string>();
  readonly #doubled: string[] = [];
  readonly #store = keepPositions();
  #dump: Dump = { positions: [], recorded: new Set(), lost: 0n };
  #readings: Map<number, Reading> | undefined;
  readonly #decide;

  constructor(fromBeginning: boolean, log: Log) {
    this.#decide = createDecider({
      name: 's',
      fromBeginning,
      positions: this.#store,
      isFresh: () => false,
      onLost: () => {},
      log,
    });
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'produce':
        this.#partition(step.partition).end += BigInt(step.count);
        return;
      case 'consume':
        return this.#consume(step.partition % this.#partitions.length, BigInt(step.count));
      case 'commit':
        return this.#commit();
      case 'start':
        return this.#start();
      case 'crash':
        this.#readings = undefined;
        return;
      case 'stop':
        this.#commit();
        this.#readings = undefined;
        return;
      case 'dump':
        this.#dump = {
          positions: this.#store.positions(),
          recorded: new Set(this.#recorded),
          lost: (await this.#store.list('s')).lost,
        };
        return;
      case 'restore':
        this.#store.restore(this.#dump.positions, this.#dump.lost);
        this.#recorded = new Set(this.#dump.recorded);
        return;
      case 'set':
        return this.#set(step.partition % this.#partitions.length, BigInt(step.to));
      case 'addPartition':
        if (this.#partitions.length < 4) this.#partitions.push({ start: 0n, end: 0n });
        return;
      case 'recreate':
        this.#recreate(BigInt(step.count));
        return;
      case 'retain': {
        const partition = this.#partition(step.partition);
        const start = partition.start + BigInt(step.count);
        partition.start = start < partition.end ? start : partition.end;
        return;
      }
      case 'forgetGroup':
        // Kafka keeps the offsets of a group that has members.
        if (!this.#readings) this.#group.clear();
    }
  }

  /** Reads all that is left. */
  async drain(): Promise<void> {
    await this.#start();
    for (const [partition, { end }] of this.#partitions.entries()) {
      for (let reads = 0; this.#readings?.get(partition)?.next !== end; reads += 1) {
        if (reads > 20) throw new Error(`partition ${partition} is not read to its end`);
        await this.#consume(partition, 100n);
      }
    }
  }

  verdict() {
    const missing: string[] = [];
    let unrecorded = 0;
    let unexcused = 0;
    for (const [partition, { start, end }] of this.#partitions.entries()) {
      for (let offset = 0n; offset < end; offset += 1n) {
        const record = this.#name(partition, offset);
        if (this.#recorded.has(record)) continue;
        if (offset < start) unrecorded += 1;
        if (this.#excused.has(record)) continue;
        if (offset < start) unexcused += 1;
        else missing.push(record);
      }
    }
    const { lost } = this.#final;
    return {
      missing,
      doubled: this.#doubled,
      lost,
      lostMin: unexcused,
      lostMax: unrecorded + this.#gone,
    };
  }

  /** Records of earlier topics of the name that were deleted before they were read: they may have been counted. */
  #gone = 0;
  #final = { lost: 0 };

  async #start(): Promise<void> {
    this.#readings = new Map();
    await this.#join(this.#partitions.map((_, partition) => partition));
  }

  async #join(partitions: readonly number[]): Promise<void> {
    const before = new Map(this.#store.positions().map(one => [one.partition, one]));
    const wished = new Map(this.#group);
    const wanted = partitions.map(partition => ({ topic, partition }));
    const decided = await this.#decide(wanted, {
      partitionsOf: async topics =>
        topics.length === 0 ? [] : this.#partitions.map((_, partition) => ({ topic, partition })),
      topicIds: async () => new Map([[topic, String(this.#generation)]]),
      committed: async places =>
        places.flatMap(place => {
          const committed = this.#group.get(place.partition);
          return committed ? [{ ...place, ...committed }] : [];
        }),
      ends: async places =>
        places.map(place => {
          const { start, end } = this.#partition(place.partition);
          return { ...place, logStart: start, stableEnd: end, logEnd: end };
        }),
    });
    this.#excuse(before, wished);
    for (const one of decided) {
      this.#readings?.set(one.partition, { ...one, next: one.nextOffset });
      if (!one.isToCommit) continue;
      this.#group.set(one.partition, {
        offset: one.nextOffset,
        metadata: one.mark(one.nextOffset),
      });
    }
    this.#final = { lost: Number((await this.#store.list('s')).lost) };
  }

  /** A first position excuses what is before it, and a wish of the operator's what it skips. */
  #excuse(
    before: ReadonlyMap<number, StoredPosition>,
    wished: ReadonlyMap<number, { offset: bigint; metadata: string }>,
  ): void {
    for (const { partition, nextOffset } of this.#store.positions()) {
      const known = before.get(partition);
      const isWish = wished.get(partition)?.metadata === '';
      if (known && !isWish) continue;
      const isOfTopic = known?.topicId === String(this.#generation);
      if (!known && wished.has(partition) && !isWish) continue;
      const isFirst = before.size === 0 || isWish;
      if (!isFirst) continue;
      for (let offset = isOfTopic ? known.nextOffset : 0n; offset < nextOffset; offset += 1n) {
        this.#excused.add(this.#name(partition, offset));
      }
    }
  }

  async #consume(partition: number, count: bigint): Promise<void> {
    const reading = this.#readings?.get(partition);
    if (!this.#readings) return;
    const { start, end } = this.#partition(partition);
    const isOther = reading?.topicId !== String(this.#generation);
    // Kafka refuses an offset that it does not have; a topic that is another one is noticed before it is recorded.
    if (!reading || reading.next < start || reading.next > end || isOther) {
      return this.#join([partition]);
    }
    const next = reading.next + count < end ? reading.next + count : end;
    if (next === reading.next) return;
    const stored = this.#store.positions().find(one => one.partition === partition);
    if (!stored || stored.nextOffset < reading.next || stored.topicId !== reading.topicId) {
      return this.#join([partition]);
    }
    for (let offset = stored.nextOffset; offset < next; offset += 1n) this.#record(reading, offset);
    this.#store.move({ topic, partition, nextOffset: next });
    this.#readings.set(partition, { ...reading, next });
  }

  #record({ partition, replay }: Reading, offset: bigint): void {
    const record = this.#name(partition, offset);
    const isAgain = replay !== undefined && offset < replay.untilOffset;
    if (this.#recorded.has(record) && !isAgain) this.#doubled.push(record);
    this.#recorded.add(record);
  }

  #commit(): void {
    for (const [partition, { next, mark }] of this.#readings ?? []) {
      this.#group.set(partition, { offset: next, metadata: mark(next) });
    }
  }

  #set(partition: number, to: bigint): void {
    // Kafka refuses to while the group has members.
    if (this.#readings) return;
    const { start, end } = this.#partition(partition);
    const offset = to < start ? start : to > end ? end : to;
    this.#group.set(partition, { offset, metadata: '' });
  }

  #recreate(count: bigint): void {
    this.#gone += this.#partitions.reduce((sum, { end }) => sum + Number(end), 0);
    this.#generation += 1;
    this.#partitions = this.#partitions.map(() => ({ start: 0n, end: count }));
    this.#group.clear();
  }

  #partition(partition: number): Partition {
    const found = this.#partitions[partition % this.#partitions.length];
    if (!found) throw new RangeError('a topic has a partition');
    return found;
  }

  #name = (partition: number, offset: bigint): string =>
    `${this.#generation}/${keyOf({ topic, partition })}/${offset}`;
}
