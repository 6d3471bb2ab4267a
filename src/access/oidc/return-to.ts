/** The page that a browser is redirected to after login: always one of this server (no open redirect); pure. */

/** Any origin: the URL only must not leave it. */
const here = 'http://hookline.invalid';
const home = '/';

/**
 * The path; the home page instead of a URL that leads to another server.
 *
 * @example toReturnPath('/webhooks?state=Enabled') // '/webhooks?state=Enabled'
 * @example toReturnPath('//evil.example/') // '/'
 */
export function toReturnPath(text: string | undefined): string {
  // Browsers treat \ as / and remove tabs and line breaks first.
  if (text === undefined || !/^\/(?![/\\])[!-[\]-~]*$/.test(text)) return home;
  const url = URL.parse(text, here);
  if (!url || url.origin !== here) return home;
  const path = `${url.pathname}${url.search}${url.hash}`;
  // Resolving dots may have left two leading slashes.
  return path.startsWith('//') ? home : path;
}
