/** Secrets that sign deliveries, and how a receiver verifies them. Source: Standard Webhooks, "Signature scheme". */

const secretBytes = 32;

/** @returns `whsec_` and base64, as the libraries of Standard Webhooks read it. */
export function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(secretBytes));
  return `whsec_${btoa(String.fromCharCode(...bytes))}`;
}

/** Functions that tell whether a delivery is genuine, by language. None needs a package. */
export const verifications: Readonly<Record<string, string>> = {
  Python: `import base64, hashlib, hmac, time

def is_genuine(secret, headers, body):
    """headers: names in lower case; body: the bytes as they were received."""
    key = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, each) for each in headers["webhook-signature"].split(" "))
`,
  'Node.js': `import { createHmac, timingSafeEqual } from 'node:crypto';

/** headers: as node:http gives them; body: a Buffer of the bytes as they were received. */
export function isGenuine(secret, headers, body) {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  if (Math.abs(Date.now() / 1000 - Number(headers['webhook-timestamp'])) > 300) return false;
  const signed = Buffer.concat([Buffer.from(headers['webhook-id'] + '.' + headers['webhook-timestamp'] + '.'), body]);
  const expected = Buffer.from('v1,' + createHmac('sha256', key).update(signed).digest('base64'));
  return headers['webhook-signature'].split(' ').map(each => Buffer.from(each))
    .some(each => each.length === expected.length && timingSafeEqual(each, expected));
}
`,
  Go: `package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// IsGenuine tells whether Hookline sent the request; body is the bytes as they were received.
func IsGenuine(secret string, headers http.Header, body []byte) bool {
	key := []byte(secret)
	if rest, found := strings.CutPrefix(secret, "whsec_"); found {
		key, _ = base64.StdEncoding.DecodeString(rest)
	}
	at, err := strconv.ParseInt(headers.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(headers.Get("webhook-id") + "." + headers.Get("webhook-timestamp") + "."))
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, each := range strings.Split(headers.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(each), []byte(expected)) {
			return true
		}
	}
	return false
}
`,
};
