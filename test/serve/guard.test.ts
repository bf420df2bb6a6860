import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { guard, isLoopback } from '../../src/serve/guard.ts';

async function status(boundTo: string, headers: Record<string, string>): Promise<number> {
  const app = new Hono().use(guard(boundTo)).get('/', context => context.text('here'));
  return (await app.request('/', { headers })).status;
}

test('loopback addresses are those of this machine alone', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) assert.equal(isLoopback(host), true, host);
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'machine', '127.0.0.1.evil.example']) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('a server on loopback goes by loopback names only', async () => {
  for (const host of ['localhost:4747', '127.0.0.1', '[::1]:80', 'LOCALHOST'])
    assert.equal(await status('127.0.0.1', { host }), 200);
  for (const host of ['10.0.0.1', 'machine', '', '[fe80::1]'])
    assert.equal(await status('127.0.0.1', { host }), 403, host);
});

test('one that is open to a network goes by any address and by the name it was given, not by others', async () => {
  for (const host of ['10.0.0.1:4747', '[fe80::1]:4747', 'localhost:4747'])
    assert.equal(await status('0.0.0.0', { host }), 200, host);
  assert.equal(await status('machine.local', { host: 'machine.local:4747' }), 200);
  for (const host of ['evil.example', 'machine.local.evil.example:4747']) {
    assert.equal(await status('machine.local', { host }), 403, host);
    assert.equal(await status('0.0.0.0', { host }), 403, host);
  }
  assert.equal(await status('0.0.0.0', { host: '10.0.0.1', origin: 'http://10.0.0.2' }), 403);
});

test('a link from another site opens the page, and nothing else from there is answered', async () => {
  const host = 'localhost';
  assert.equal(await status(host, { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }), 200);
  assert.equal(await status(host, { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }), 403);
  assert.equal(await status(host, { host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), 200);
});
