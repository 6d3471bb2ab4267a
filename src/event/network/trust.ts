/**
 * How TLS takes the certificates that it is given to trust: each of them by itself, whether it is a root, an authority below
 * one, or the server's own. Without it OpenSSL wants every chain to end in a root that signed itself, and whoever was given
 * the certificate of an issuing authority, or of one server, could not use it. Names and dates are checked as ever.
 *
 * Source: Node's `tls.createSecureContext`; OpenSSL's X509_V_FLAG_PARTIAL_CHAIN, which curl sets as well.
 */
export const trustEachGiven = { allowPartialTrustChain: true } as const;
