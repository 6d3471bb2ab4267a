/** A browser as far as logging in needs one: keeps cookies, follows redirects, fills in the forms of oidc-provider. */

/** Forms an OpenID provider shows before it sends the browser back: a name, a consent. */
const stepsMax = 20;

export interface Browser {
  /**
   * Goes to a URL of the provider and on until it leads away from there, saying yes to everything.
   *
   * @param person who logs in, if asked. @returns the URL that it leads to.
   */
  logIn(url: string, person: string): Promise<string>;
  /** Types a device's code in, and logs in. @returns the last page. */
  confirmDevice(url: string, person: string): Promise<string>;
}

export function openBrowser(): Browser {
  const cookies = new Map<string, string>();

  async function ask(url: string, form?: Record<string, string>): Promise<Page> {
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(pair => pair.join('=')).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const cut = pair.indexOf('=');
      cookies.set(pair.slice(0, cut), pair.slice(cut + 1));
    }
    const location = answer.headers.get('location');
    const text = await answer.text();
    return { url, status: answer.status, text, ...(location !== null && { location }) };
  }

  /** One redirect, or one form. */
  async function goOn(page: Page, person: string): Promise<Page> {
    if (page.location !== undefined) return ask(new URL(page.location, page.url).href);
    const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined)
      throw new Error(`No form at ${page.url}: ${page.status} ${page.text}`);
    return ask(new URL(action, page.url).href, fill(page.text, person));
  }

  return {
    async logIn(url, person) {
      const { origin } = new URL(url);
      let page = await ask(url);
      for (let step = 0; step < stepsMax; step += 1) {
        if (page.location !== undefined) {
          const next = new URL(page.location, page.url);
          if (next.origin !== origin) return next.href;
        }
        page = await goOn(page, person);
      }
      throw new Error(`Still at ${page.url} after ${stepsMax} steps`);
    },
    async confirmDevice(url, person) {
      let page = await ask(url);
      for (let step = 0; step < stepsMax; step += 1) {
        if (page.location === undefined && !page.text.includes('<form')) return page.text;
        page = await goOn(page, person);
      }
      throw new Error(`Still at ${page.url} after ${stepsMax} steps`);
    },
  };
}

interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
  readonly location?: string;
}

/** What hidden fields hold, and the name and any password where they are asked for. */
function fill(html: string, person: string): Record<string, string> {
  const fields = [...html.matchAll(/<input[^>]*>|<button[^>]* name="logout"[^>]*>/g)].map(
    ([tag]) => ({
      name: /\bname="([^"]+)"/.exec(tag)?.[1],
      value: /\bvalue="([^"]*)"/.exec(tag)?.[1] ?? '',
    }),
  );
  const form: Record<string, string> = {};
  for (const { name, value } of fields) {
    if (name === undefined) continue;
    form[name] = name === 'login' || name === 'password' ? person : value;
  }
  return form;
}
