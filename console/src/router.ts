/** The pages and their addresses. Each page is loaded when it is first opened. */
import { createRouter, createWebHistory } from 'vue-router';
import type { RouteRecordRaw } from 'vue-router';

import type { Identity } from './client/api.ts';
import { baseUrl } from './client/client.ts';
import { text } from './text/en.ts';

type Role = Identity['role'];

export interface NavigationEntry {
  readonly path: string;
  readonly label: string;
  /** Roles for which the API answers on this page. */
  readonly roles: readonly Role[];
}

const everybody: readonly Role[] = ['Admin', 'DomainAdmin', 'User'];

/** In the order of the navigation. */
export const navigation: readonly NavigationEntry[] = [
  { path: '/webhooks', label: text.webhooks.title, roles: everybody },
];

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/webhooks' },
  {
    path: '/webhooks',
    meta: { title: text.webhooks.title },
    component: async () => (await import('./page/webhook/webhook-list.tsx')).WebhookList,
  },
  {
    path: '/:path(.*)*',
    meta: { title: text.notFound.title },
    component: async () => (await import('./page/about/not-found.tsx')).NotFound,
  },
];

export const router = createRouter({ history: createWebHistory(baseUrl.pathname), routes });

router.afterEach(({ meta }) => {
  const { title } = meta;
  document.title = typeof title === 'string' ? `${title} · ${text.name}` : text.name;
});
