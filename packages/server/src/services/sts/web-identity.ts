/** What a web identity token says of itself; unproved. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly expiresAtMs?: number;
}

/** Reads the claims of a JWT; undefined for what is none. */
export function readClaims(token: string): Claims | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every((part) => /^[\w-]*$/.test(part))) return undefined;
  let claims: Record<string, unknown>;
  try {
    claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { iss, sub, aud, exp } = claims;
  const audience: unknown = Array.isArray(aud) ? aud[0] : aud;
  if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
  return {
    issuer: iss.replace(/^https:\/\//, ''),
    subject: sub,
    audience: typeof audience === 'string' ? audience : '',
    ...(typeof exp === 'number' ? { expiresAtMs: exp * 1000 } : {}),
  };
}
