/** The frame around every page: the navigation by role, and who is signed in. */
import { defineComponent, nextTick, useTemplateRef, watch } from 'vue';
import type { VNode } from 'vue';
import { RouterLink, RouterView, useRoute } from 'vue-router';

import { identity } from './client/session.ts';
import { signOut } from './client/sign-in.ts';
import { act } from './part/answer/act.ts';
import { ThemeChoice } from './part/theme.tsx';
import { navigation } from './router.ts';
import { text } from './text/en.ts';

export const Shell = defineComponent(() => {
  const route = useRoute();
  const main = useTemplateRef<HTMLElement>('main');
  // A screen reader hears of the new page as of any other: by its heading, from the top.
  watch(
    () => route.path,
    async () => {
      await nextTick();
      main.value?.focus({ preventScroll: true });
      scrollTo(0, 0);
    },
  );
  return () => (
    <div class="shell">
      <a class="skip" href="#main" onClick={event => skip(event, main.value)}>
        {text.shell.skip}
      </a>
      <header class="side">
        <RouterLink class="brand" to="/">
          {() => [<Logo />, text.name]}
        </RouterLink>
        <Navigation path={route.path} />
        <Person />
      </header>
      <main id="main" ref="main" class="main" tabindex={-1}>
        <RouterView key={route.path} />
      </main>
    </div>
  );
});

/** The page has a base, below which `#main` would be another page. */
function skip(event: Event, main: HTMLElement | null): void {
  event.preventDefault();
  main?.focus();
}

function Navigation({ path }: { readonly path: string }): VNode {
  const { role } = identity.value ?? {};
  const entries = navigation.filter(({ roles }) => role !== undefined && roles.includes(role));
  const isCurrent = (to: string): boolean => path === to || path.startsWith(`${to}/`);
  return (
    <nav aria-label={text.shell.navigation}>
      <ul class="nav">
        {entries.map(({ path: to, label }) => (
          <li key={to}>
            <RouterLink to={to} aria-current={isCurrent(to) ? 'page' : undefined}>
              {() => label}
            </RouterLink>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Person(): VNode {
  const { username = '', role = 'User' } = identity.value ?? {};
  return (
    <div class="person">
      <span>
        <strong>{username}</strong>
        <span class="hint">{` ${text.roles[role]}`}</span>
      </span>
      <ThemeChoice />
      <button type="button" class="button-small" onClick={act(signOut)}>
        {text.signIn.out}
      </button>
    </div>
  );
}

function Logo(): VNode {
  return <img src="./hookline.svg" alt="" width={26} height={26} />;
}
