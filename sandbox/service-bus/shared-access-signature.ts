import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether a token `SharedAccessSignature sr=…&sig=…&se=…&skn=…` is signed with the key, not expired, and for this
 * audience or something above it.
 */
export function isValidToken(
  token: string,
  key: string,
  request: { audience: string; nowInMs: number },
): boolean {
  const fields = new Map<string, string>();
  for (const pair of token.replace(/^SharedAccessSignature\s+/, '').split('&')) {
    const equals = pair.indexOf('=');
    fields.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  const resource = fields.get('sr') ?? '';
  const expiry = fields.get('se') ?? '';
  const given = Buffer.from(decode(fields.get('sig') ?? ''));
  const expected = Buffer.from(
    createHmac('sha256', key).update(`${resource}\n${expiry}`, 'utf8').digest('base64'),
  );
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
  const isCurrent = Number(expiry) * 1000 > request.nowInMs;
  return isSigned && isCurrent && covers(decode(resource), request.audience);
}

function covers(resource: string, audience: string): boolean {
  const normal = (uri: string): string => uri.toLowerCase().replace(/\/+$/, '');
  return resource !== '' && `${normal(audience)}/`.startsWith(`${normal(resource)}/`);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
}
