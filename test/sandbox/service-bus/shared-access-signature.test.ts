import { createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isValidToken } from '../../../sandbox/service-bus/shared-access-signature.ts';

const key = 'secret-key';
const nowInMs = 1_700_000_000_000;

function token(resource: string, options: { key?: string; expiresAtInS?: number } = {}): string {
  const encoded = encodeURIComponent(resource);
  const expiry = options.expiresAtInS ?? nowInMs / 1000 + 60;
  const signature = createHmac('sha256', options.key ?? key)
    .update(`${encoded}\n${expiry}`)
    .digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=Root`;
}

const isValid = (given: string, audience = 'sb://localhost:5672/orders') =>
  isValidToken(given, key, { audience, nowInMs });

test.each([
  ['for the entity itself', token('sb://localhost:5672/orders'), true],
  ['for the namespace', token('sb://localhost:5672/'), true],
  ['in other letters', token('SB://LocalHost:5672/Orders/'), true],
  ['for another entity', token('sb://localhost:5672/bills'), false],
  ['for an entity whose name begins alike', token('sb://localhost:5672/ord'), false],
  ['signed with another key', token('sb://localhost:5672/orders', { key: 'other' }), false],
  ['that has expired', token('sb://localhost:5672/orders', { expiresAtInS: nowInMs / 1000 }), false],
  ['for nothing', token(''), false],
  ['that is none', 'Bearer abc', false],
  ['with a broken encoding', 'SharedAccessSignature sr=%E0%A4%A&sig=%&se=9999999999&skn=x', false],
])('a token %s counts: %#', (_, given, expected) => {
  expect(isValid(given)).toBe(expected);
});
