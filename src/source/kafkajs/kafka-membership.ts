/**
 * Knows whether the group still counts on this consumer for its partitions.
 *
 * The group coordinator speaks only when it is spoken to: the answers to heartbeats say that the group is being
 * rebalanced or has gone on without this consumer, and silence for a session's length means that it will have.
 *
 * Source: Kafka's consumer group protocol (KIP-62); error codes 22, 25, 27 and 82.
 */
export interface MembershipOptions {
  readonly sessionTimeoutMs: number;
  /** How long a batch in flight may hold up a rebalance, for which all members of the group wait. */
  readonly rebalanceGraceMs: number;
  readonly clock: () => number;
}

export interface Membership {
  /** The group was joined: what was held under the assignment before is held no more. */
  joined(): void;
  /** The coordinator answered a heartbeat. */
  confirmed(): void;
  /** A heartbeat failed. */
  failed(error: unknown): void;
  /** @returns tells, from now on, whether what is held under the present assignment still is. */
  hold(): () => boolean;
}

const gone = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);

export function createMembership(options: MembershipOptions): Membership {
  const { sessionTimeoutMs, rebalanceGraceMs, clock } = options;
  let generation = { heldUntil: clock() };
  return {
    joined() {
      generation.heldUntil = -Infinity;
      generation = { heldUntil: clock() + sessionTimeoutMs };
    },
    confirmed() {
      generation.heldUntil = clock() + sessionTimeoutMs;
    },
    failed(error) {
      const type = error instanceof Error && 'type' in error ? error.type : undefined;
      if (typeof type !== 'string') return;
      if (gone.has(type)) generation.heldUntil = -Infinity;
      if (type === 'REBALANCE_IN_PROGRESS') {
        generation.heldUntil = Math.min(generation.heldUntil, clock() + rebalanceGraceMs);
      }
    },
    hold() {
      const held = generation;
      return () => clock() < held.heldUntil;
    },
  };
}
