/** Light or dark: as the browser says, unless the viewer has chosen here. */
import { ref } from 'vue';
import type { VNode } from 'vue';

import { text } from '../text/en.ts';
import { valueOf } from './field.tsx';

const key = 'hookline.theme';
const chosen = ref(localStorage.getItem(key) ?? '');

export function applyTheme(): void {
  if (chosen.value === '') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen.value;
}

export function ThemeChoice(): VNode {
  const choose = (event: Event): void => {
    chosen.value = valueOf(event);
    localStorage.setItem(key, chosen.value);
    applyTheme();
  };
  return (
    <select aria-label={text.theme.label} value={chosen.value} onChange={choose}>
      <option value="">{text.theme.system}</option>
      <option value="light">{text.theme.light}</option>
      <option value="dark">{text.theme.dark}</option>
    </select>
  );
}
