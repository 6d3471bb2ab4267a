/** Starts the console. */
import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';

import { App } from './app.tsx';
import { ApiError } from './client/client.ts';
import { router } from './router.ts';
import { applyTheme } from './part/theme.tsx';
import './style/base.css';
import './style/parts.css';
import './style/shell.css';

const triesMax = 2;

/** Asks again only where that may help: not where Hookline has said no. */
const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) =>
        failures < triesMax && !(error instanceof ApiError && error.problem.status < 500),
    },
  },
});

applyTheme();
createApp(App).use(router).use(VueQueryPlugin, { queryClient }).mount('#console');
