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

const operators: readonly Role[] = ['Admin'];

/** In the order of the navigation. */
export const navigation: readonly NavigationEntry[] = [
  { path: '/overview', label: text.overview.title, roles: everybody },
  { path: '/webhooks', label: text.webhooks.title, roles: everybody },
  { path: '/deliveries', label: text.deliveries.title, roles: everybody },
  { path: '/events', label: text.events.title, roles: everybody },
  { path: '/quarantine', label: text.quarantine.title, roles: operators },
  { path: '/sources', label: text.sources.title, roles: operators },
  { path: '/about', label: text.about.title, roles: everybody },
];

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/overview' },
  {
    path: '/overview',
    meta: { title: text.overview.title },
    component: async () => (await import('./page/overview/overview.tsx')).Overview,
  },
  {
    path: '/webhooks',
    meta: { title: text.webhooks.title },
    component: async () => (await import('./page/webhook/webhook-list.tsx')).WebhookList,
  },
  {
    path: '/webhooks/new',
    meta: { title: text.webhook.newTitle },
    component: async () => (await import('./page/webhook/form/webhook-edit.tsx')).WebhookNew,
  },
  {
    path: '/webhooks/:id/edit',
    props: true,
    meta: { title: text.webhook.edit },
    component: async () => (await import('./page/webhook/form/webhook-edit.tsx')).WebhookEdit,
  },
  {
    path: '/webhooks/:id/:tab?',
    props: true,
    meta: { title: text.webhook.title },
    component: async () => (await import('./page/webhook/webhook-detail.tsx')).WebhookDetail,
  },
  {
    path: '/deliveries',
    meta: { title: text.deliveries.title },
    component: async () => (await import('./page/delivery/delivery-list.tsx')).DeliveryList,
  },
  {
    path: '/deliveries/:id',
    props: true,
    meta: { title: text.deliveries.one },
    component: async () => (await import('./page/delivery/delivery-detail.tsx')).DeliveryDetail,
  },
  {
    path: '/events',
    meta: { title: text.events.title },
    component: async () => (await import('./page/event/event-list.tsx')).EventList,
  },
  {
    path: '/events/:id',
    props: true,
    meta: { title: text.events.one },
    component: async () => (await import('./page/event/event-detail.tsx')).EventDetail,
  },
  {
    path: '/quarantine',
    meta: { title: text.quarantine.title },
    component: async () => (await import('./page/quarantine/quarantine-list.tsx')).QuarantineList,
  },
  {
    path: '/quarantine/:id',
    props: true,
    meta: { title: text.quarantine.one },
    component: async () =>
      (await import('./page/quarantine/quarantine-list.tsx')).QuarantinedDetail,
  },
  {
    path: '/sources',
    meta: { title: text.sources.title },
    component: async () => (await import('./page/source/source-list.tsx')).SourceList,
  },
  {
    path: '/about',
    meta: { title: text.about.title },
    component: async () => (await import('./page/about/about.tsx')).About,
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
