/**
 * Who is signed in. The session itself is a cookie that scripts cannot read; that there is one is remembered, so that a
 * visitor without one is not told by a refused request.
 */
import { computed, ref } from 'vue';

import type { Identity } from './api.ts';

/** `unknown` until Hookline has been asked; `ended` when a session ended while its pages are open. */
export type SessionState = 'unknown' | 'in' | 'out' | 'ended';

export const sessionState = ref<SessionState>('unknown');
export const identity = ref<Identity>();
export const csrfToken = computed(() => identity.value?.csrfToken);

const mark = 'hookline.session';

export function mayHaveSession(): boolean {
  return localStorage.getItem(mark) !== null;
}

export function beginSession(who: Identity): void {
  localStorage.setItem(mark, 'yes');
  identity.value = who;
  sessionState.value = 'in';
}

/** Keeps what is on the screen: a form that is half filled must not be lost. */
export function endSession(): void {
  localStorage.removeItem(mark);
  sessionState.value =
    sessionState.value === 'in' ? 'ended' : sessionState.value === 'ended' ? 'ended' : 'out';
}

export function leaveSession(): void {
  localStorage.removeItem(mark);
  identity.value = undefined;
  sessionState.value = 'out';
}
