/** Every text of the console. A translation is another file like this one. */

const number = new Intl.NumberFormat('en');
const many = (count: number, one: string, more: string): string =>
  `${number.format(count)} ${count === 1 ? one : more}`;

/** A button, what it will do, and that it is done. */
const bulkWords = (button: string, verb: string, past: string) => ({
  button,
  verb: (count: number) => `${verb} ${many(count, 'webhook', 'webhooks')}`,
  done: (count: number) => `${past} ${many(count, 'webhook', 'webhooks')}.`,
});

export const text = {
  name: 'Hookline',
  common: {
    loading: 'Loading…',
    retry: 'Try again',
    dismiss: 'Dismiss',
    cancel: 'Cancel',
    clearFilters: 'Clear the filters',
    question: (sentence: string) => `${sentence}?`,
    andMore: (count: number) => `and ${number.format(count)} more`,
  },
  table: {
    chooseAll: 'Select all that are shown',
    choose: (name: string) => `Select ${name}`,
    chosen: (count: number) => `${number.format(count)} selected`,
    more: 'Show more',
    shown: (count: number) => `${number.format(count)} shown`,
  },
  errors: {
    unreachable: {
      title: 'Hookline cannot be reached',
      detail: 'Check your network, and whether Hookline is running; then try again.',
    },
    noDetail: 'A server between here and Hookline may have answered in its place.',
    fault: (path: string, message: string, at: string | undefined) =>
      `${path.replace(/^\//, '')}: ${message}${at === undefined ? '' : ` (line and column ${at})`}`,
  },
  theme: { label: 'Appearance', system: 'System', light: 'Light', dark: 'Dark' },
  roles: { Admin: 'Admin', DomainAdmin: 'Domain admin', User: 'User' },
  shell: { skip: 'Skip to the content', navigation: 'Pages' },
  notFound: {
    title: 'Page not found',
    about:
      'There is no page at this address. It may have been mistyped, or be older than this version.',
    next: 'Go to the start page',
  },
  signIn: {
    title: 'Sign in to Hookline',
    about: 'Webhooks for the events of your cloud.',
    act: 'Sign in',
    out: 'Sign out',
    with: (label: string) => `Sign in with ${label}`,
    continue: 'I have signed in, continue',
    ways: { password: 'Username and password', key: 'CloudStack keys' },
    labels: {
      username: 'Username',
      password: 'Password',
      apiKey: 'API key',
      secretKey: 'Secret key',
    },
    ended: 'Your session has ended',
    endedAbout: (name: string) =>
      `Sign in again as ${name}. What you have typed on the page is kept.`,
    leave: 'Leave the page and sign in as somebody else',
  },
  webhookState: { Enabled: 'Enabled', Paused: 'Paused', Disabled: 'Disabled' },
  scopes: { Local: 'Local', Domain: 'Domain', Global: 'Global' },
  health: {
    ok: 'OK',
    failing: 'Failing',
    open: 'Receiver down',
    paused: 'Paused',
    disabled: 'Disabled',
  },
  deliveryState: {
    pending: 'Pending',
    delivering: 'Delivering',
    delivered: 'Delivered',
    failed: 'Failed',
    cancelled: 'Cancelled',
  },
  sourceState: { running: 'Running', waiting: 'Waiting', paused: 'Paused', stopped: 'Stopped' },
  webhooks: {
    title: 'Webhooks',
    about: 'Where events are sent, and how that goes.',
    none: '–',
    ofLast: (delivered: number, attempted: number) => `${delivered} of ${attempted}`,
    columns: {
      name: 'Webhook',
      state: 'State',
      health: 'Health',
      scope: 'Scope',
      backlog: 'Waiting',
      success: 'Last delivered',
    },
    filters: {
      any: 'Any',
      labels: {
        text: 'Name, description or URL contains',
        state: 'State',
        health: 'Health',
        scope: 'Scope',
      },
    },
    empty: {
      title: 'No webhooks yet',
      about:
        'A webhook sends the events of your account, as they happen, to a URL of yours. Create one, send it a test, and follow its deliveries here.',
    },
    noMatch: {
      title: 'No webhook matches',
      about: 'There are no webhooks with these filters among those that you may see.',
    },
    deleteAbout:
      'Pending deliveries are cancelled, and the webhook’s secret is lost. This cannot be undone.',
    disableAbout:
      'A disabled webhook gets no events, and its pending deliveries are cancelled. To keep them for later, pause it instead.',
    bulk: {
      label: 'Selected webhooks',
      left: (count: number) => `${number.format(count)} left…`,
      acts: {
        enable: bulkWords('Enable', 'Enable', 'Enabled'),
        pause: bulkWords('Pause', 'Pause', 'Paused'),
        disable: bulkWords('Disable…', 'Disable', 'Disabled'),
        delete: bulkWords('Delete…', 'Delete', 'Deleted'),
      },
    },
  },
};
