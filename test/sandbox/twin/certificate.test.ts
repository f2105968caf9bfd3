import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createCertificate } from '../../../sandbox/twin/certificate.ts';
import type { Listening } from '../../../sandbox/twin/serve.ts';
import { createNotes } from './toy-twin.ts';

const DAY_IN_MS = 86_400_000;
const made = createCertificate({ notBefore: Date.now() - DAY_IN_MS, notAfter: Date.now() + DAY_IN_MS });
const servers: Listening[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

function get(url: string, ca?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, ca === undefined ? {} : { ca }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end();
  });
}

describe('a self-made certificate', () => {
  test('is valid for loopback, for the asked time, and signed by its own key', () => {
    const read = new X509Certificate(made.certificate);
    expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(read.checkHost('localhost')).toBe('localhost');
    expect(read.checkHost('example.com')).toBeUndefined();
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.ca).toBe(true);
    expect(Math.abs(Date.parse(read.validTo) - Date.now() - DAY_IN_MS)).toBeLessThan(10_000);
  });

  test('no two are the same', () => {
    const other = createCertificate({ notBefore: 0, notAfter: DAY_IN_MS });
    expect(new X509Certificate(other.certificate).serialNumber).not.toBe(
      new X509Certificate(made.certificate).serialNumber,
    );
  });

  test('lets a twin speak https to those who trust it, and to nobody else', async () => {
    const server = await createNotes().listen(0, made);
    servers.push(server);
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await get(`${server.url}/hello`, made.certificate)).toBe(200);
    await expect(get(`${server.url}/hello`)).rejects.toThrow('self-signed certificate');
  });
});
