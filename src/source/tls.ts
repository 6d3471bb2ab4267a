/** TLS options as Node's `tls.connect` takes them; PEM text, not paths. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name the certificate must carry; the host connected to by default. */
  readonly servername?: string;
  /** False accepts any certificate. */
  readonly rejectUnauthorized?: boolean;
}
