/** The console: the door for those who are not signed in, the pages for those who are. */
import { useQueryClient } from '@tanstack/vue-query';
import { defineComponent, onMounted } from 'vue';

import { resumeSession, returned } from './client/sign-in.ts';
import { identity, sessionState } from './client/session.ts';
import { Confirm } from './part/answer/confirm.tsx';
import { Loading } from './part/note.tsx';
import { Toasts } from './part/answer/toast.tsx';
import { router } from './router.ts';
import { Shell } from './shell.tsx';
import { Door } from './page/sign-in/door.tsx';
import { SessionEnded } from './page/sign-in/session-ended.tsx';

export const App = defineComponent(() => {
  const queryClient = useQueryClient();
  onMounted(async () => {
    await resumeSession();
    await router.isReady();
    const { [returned]: _mark, ...query } = router.currentRoute.value.query;
    await router.replace({ query });
  });
  return () => {
    switch (sessionState.value) {
      case 'unknown':
        return <Loading />;
      case 'out':
        queryClient.clear();
        return <Door />;
      case 'in':
      case 'ended':
        return [
          <Shell key={identity.value?.username ?? ''} />,
          <Confirm />,
          <Toasts />,
          sessionState.value === 'ended' ? <SessionEnded /> : null,
        ];
    }
  };
});
