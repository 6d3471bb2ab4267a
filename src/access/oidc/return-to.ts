/** Where a browser is led after it has logged in: a page of ours, whatever the link said; pure. */

/** Any origin will do: what is looked at is whether the text leaves it. */
const here = 'http://hookline.invalid';
const home = '/';

/**
 * The path, or the home page in place of what leads elsewhere.
 *
 * @example toReturnPath('/webhooks?state=Enabled') // '/webhooks?state=Enabled'
 * @example toReturnPath('//evil.example/') // '/'
 */
export function toReturnPath(text: string | undefined): string {
  // Browsers read \ as /, and drop tabs and line breaks before they look.
  if (text === undefined || !/^\/(?![/\\])[!-[\]-~]*$/.test(text)) return home;
  const url = URL.parse(text, here);
  if (!url || url.origin !== here) return home;
  const path = `${url.pathname}${url.search}${url.hash}`;
  // Dots are resolved by now, and may have left two slashes in front.
  return path.startsWith('//') ? home : path;
}
