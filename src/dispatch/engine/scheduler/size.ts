/**
 * The size of a lane's batches, where its receiver has answered 413: half of what it refused, until it takes what is sent. That
 * is forgotten after a while, for its limit may have been raised; then one batch is refused again, and no delivery for it.
 */
import type { Size } from './model.ts';

const rememberedMs = 600_000;

export function createSize(): Size {
  return { bytesMax: Infinity, untilMs: Infinity };
}

/** The receiver said that a batch of so many bytes is too large. */
export function learnTooLarge(size: Size, bytes: number, nowMs: number): void {
  size.bytesMax = Math.min(batchBytesMax(size, nowMs), Math.ceil(bytes / 2));
  size.untilMs = nowMs + rememberedMs;
}

/** How many bytes a batch may have for the receiver's sake. */
export function batchBytesMax(size: Size, nowMs: number): number {
  return nowMs < size.untilMs ? size.bytesMax : Infinity;
}
