/**
 * Commits offsets beside the recording, a few times a second.
 *
 * The stored positions are the truth; the group's offsets are there for other tools to see, and to be set by operators.
 * So nothing waits for a commit (since Kafka 4 the coordinator takes five milliseconds for each), and one that
 * fails is made up for by the next. Positions are committed before the group is left or joined again.
 */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to record; all below it are recorded. */
  readonly nextOffset: bigint;
  /** The text beside it, by which Hookline's offsets are told from an operator's. */
  readonly metadata: string;
}

/** As kafkajs sends it; its own type leaves the metadata out. */
export interface MarkedOffsets {
  readonly topics: {
    readonly topic: string;
    readonly partitions: { partition: number; offset: string; metadata: string }[];
  }[];
}

export interface Committer {
  /** Adds the position to the next commit. */
  add(position: Position): void;
  /** Resolves when the positions added so far are committed, or could not be. */
  flush(): Promise<void>;
  /** Forgets the position of a partition that is decided anew. */
  drop(place: Pick<Position, 'topic' | 'partition'>): void;
  /** Forgets the positions that are not committed yet: the partitions are assigned anew, or the group has been left. */
  reset(): void;
}

/** @param commit rejects when the coordinator refuses or is away. */
export function createCommitter(
  commit: (offsets: MarkedOffsets) => Promise<void>,
  intervalMs: number,
  failed: (error: unknown) => void,
): Committer {
  const pending = new Map<string, Map<number, Position>>();
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();

  async function send(): Promise<void> {
    if (pending.size === 0) return;
    const topics = [...pending].map(([topic, partitions]) => toTopic(topic, partitions));
    pending.clear();
    await commit({ topics }).catch(failed);
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // One after the other, so that a flush has waited for the commit under way, too.
    sending = sending.then(send);
    return sending;
  }

  return {
    flush,
    add(position) {
      const { topic, partition } = position;
      const partitions = pending.get(topic) ?? new Map<number, Position>();
      pending.set(topic, partitions.set(partition, position));
      timer ??= setTimeout(() => void flush(), intervalMs);
    },
    drop({ topic, partition }) {
      pending.get(topic)?.delete(partition);
    },
    reset() {
      clearTimeout(timer);
      timer = undefined;
      pending.clear();
    },
  };
}

function toTopic(
  topic: string,
  partitions: ReadonlyMap<number, Position>,
): MarkedOffsets['topics'][number] {
  return {
    topic,
    partitions: [...partitions.values()].map(({ partition, nextOffset, metadata }) => ({
      partition,
      offset: String(nextOffset),
      metadata,
    })),
  };
}
