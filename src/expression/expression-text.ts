/**
 * Functions on text, with a charge for what they cost: a step stands for about 50 ns. V8 searches for a long part in a time of
 * both lengths multiplied, and changes the case of text beyond Latin-1 two hundred times as slowly as of text within.
 */
import type { Budget } from './expression-value.ts';
import { textOf } from './expression-value.ts';

/** Number of characters that count as one step where each is looked at by a loop here. */
const charsAStepInLoop = 16;
/** Product of the two lengths up to which V8's search is quick, whatever the texts are. */
const quickProductMax = 65_536;

export const lowercase = (value: unknown, budget: Budget): string | undefined =>
  toChangeCase(value, budget)?.toLowerCase();

export const uppercase = (value: unknown, budget: Budget): string | undefined =>
  toChangeCase(value, budget)?.toUpperCase();

function toChangeCase(value: unknown, budget: Budget): string | undefined {
  const text = textOf(value, budget);
  if (text !== undefined)
    budget.step(isLatin1(text) ? text.length / charsAStepInLoop : text.length);
  return text;
}

const isLatin1 = (text: string): boolean => !/[^\0-\xff]/.test(text);

/** The length in characters; one outside of the basic plane counts once. */
export function length(value: unknown, budget: Budget): number | undefined {
  const text = textOf(value, budget);
  if (text === undefined) return undefined;
  budget.step(text.length / charsAStepInLoop);
  let count = text.length;
  for (let at = 1; at < text.length; at += 1) {
    if (!isLow(text.charCodeAt(at)) || !isHigh(text.charCodeAt(at - 1))) continue;
    count -= 1;
  }
  return count;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Creates the search for a part; see Knuth, Morris, Pratt, "Fast pattern matching in strings", 1977. */
export function createContains(part: string) {
  const fallbacks = fallbacksOf(part);
  return (value: unknown, budget: Budget): boolean | undefined => {
    const text = textOf(value, budget);
    if (text === undefined) return undefined;
    budget.step(text.length / charsAStepInLoop);
    if (text.length * part.length <= quickProductMax) return text.includes(part);
    return includes(text, part, fallbacks);
  };
}

function includes(text: string, part: string, fallbacks: readonly number[]): boolean {
  let matched = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = fallbacks[matched - 1] ?? 0;
    if (part.charCodeAt(matched) === unit) matched += 1;
    if (matched === part.length) return true;
  }
  return false;
}

/** For each length of a match that ends: the longest beginning of the part that also ends there. */
function fallbacksOf(part: string): readonly number[] {
  const fallbacks = [0];
  let matched = 0;
  for (let at = 1; at < part.length; at += 1) {
    const unit = part.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = fallbacks[matched - 1] ?? 0;
    if (part.charCodeAt(matched) === unit) matched += 1;
    fallbacks.push(matched);
  }
  return fallbacks;
}
