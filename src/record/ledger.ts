/**
 * Knows the watermark of the process's lease: the event up to which every delivery it owes has a row.
 *
 * Events are entered in the order of their ids and settled in any order. The watermark is the last event before the
 * first unsettled one:
 *
 *     ids      1   2   3   4        owed left: 1 → 0, 2 → 1, 3 → 0, 4 → 2
 *     settled  ✓       ✓            watermark 1; once 2 is settled it is 3
 */

export interface LedgerEntry {
  readonly eventId: string;
  /** Rows still to be written, plus one while the event itself is being recorded. */
  left: number;
}

export interface Ledger {
  /** Enters an event about to be recorded. `eventId` must be above every id entered before. */
  enter(eventId: string, owed: number): LedgerEntry;
  /** One of an event's deliveries has a row now, or the event itself has (or never will). */
  settle(event: LedgerEntry): void;
  /** The event was not recorded: nothing is owed. */
  release(event: LedgerEntry): void;
  watermark(): string;
}

/** Creates an empty ledger. @param start an id below every one that will be entered. */
export function createLedger(start: string): Ledger {
  let watermark = start;
  let open: LedgerEntry[] = [];
  let head = 0;
  return {
    enter(eventId, owed) {
      const event = { eventId, left: owed + 1 };
      open.push(event);
      return event;
    },
    settle(event) {
      event.left -= 1;
    },
    release(event) {
      event.left = 0;
    },
    watermark() {
      for (let first = open[head]; first?.left === 0; first = open[head]) {
        watermark = first.eventId;
        head += 1;
      }
      open = open.slice(head);
      head = 0;
      return watermark;
    },
  };
}
