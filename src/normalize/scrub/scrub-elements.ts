/**
 * Scrubs XML of the texts of elements that are called like secrets: `<AdminPassword>Xw3</AdminPassword>`. Cloud Director's older
 * messages are XML, and so are the answers for an unattended set-up of Windows.
 *
 * Names and attributes have a maximum length, so that the time is linear in the length of the text.
 */
const ELEMENT = /<([\w:.-]{1,80})(?:\s[^<>]{0,200})?>([^<>]+)(?=<\/)/g;

/** @param isSecretKey whether an element of this name has a secret. @param mask replaces each. */
export function scrubElements(
  text: string,
  isSecretKey: (key: string) => boolean,
  mask: string,
): string {
  if (!text.includes('</')) return text;
  return text.replaceAll(ELEMENT, (element: string, name: string, value: string) =>
    isSecretKey(name) && value.trim() !== ''
      ? element.slice(0, element.length - value.length) + mask
      : element,
  );
}
