/** The other end of a serial cable: what waits for it, and what is kept. */
import { connect, type Socket } from 'node:net';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { parseSerialPlace } from './serial-place.js';
import { serialConnections, type SerialConnection } from './serial-connection.js';

const LOG = { info: () => undefined };

async function opened(spec: string): Promise<SerialConnection> {
  const [connection = null] = serialConnections([spec]);
  if (connection === null) throw new Error(`${spec} is no connection`);
  await connection.open(LOG);
  return connection;
}

function show(connection: SerialConnection, bytes: number): void {
  for (let at = 0; at < bytes; at++) connection.sink.byte(at & 0xff, at);
  connection.sink.flush();
}

describe('what the other end does not take', () => {
  it('is a backlog as long as it is there, of more than 256 KiB', async () => {
    const connection = await opened('exec:sleep 60');
    show(connection, 0x10000);
    expect(connection.backlog(1)).toBeNull();
    show(connection, 0x80000);
    const backlog = connection.backlog(1);
    expect(backlog).not.toBeNull();
    await backlog;
    await connection.close();
    expect(connection.backlog(1)).toBeNull();
  }, 20_000);
});

describe('what is shown before somebody connects', () => {
  it('is theirs: the last 64 KiB', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 's7x-test-')), 'a.sock');
    const connection = await opened(`unix:${path}`);
    show(connection, 0x18000);
    expect(connection.backlog(1)).toBeNull();
    let bytes = 0;
    const socket: Socket = connect(path);
    socket.on('data', (data) => (bytes += data.length));
    const ended = new Promise((resolve) => socket.on('close', resolve));
    await new Promise((resolve) => socket.on('connect', resolve));
    // The listener hears of it in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve, 100));
    show(connection, 10);
    await connection.close();
    await ended;
    expect(bytes).toBe(0x10000 + 10);
  });
});

describe('parseSerialPlace', () => {
  it.each<[text: string, place: object | null]>([
    ['stdio', null],
    ['file:tcp:1', null],
    ['unix:a b', { kind: 'unix', path: 'a b' }],
    ['tcp:4321', { kind: 'tcp', host: '127.0.0.1', port: 4321 }],
    ['tcp:0.0.0.0:0', { kind: 'tcp', host: '0.0.0.0', port: 0 }],
    ['tcp:[::1]:65535', { kind: 'tcp', host: '::1', port: 65535 }],
    ['exec:a | b', { kind: 'program', command: 'a | b' }],
  ])('%s', (text, place) => {
    expect(parseSerialPlace(text)).toEqual(place === null ? null : { text, ...place });
  });

  it.each(['unix:', 'tcp:', 'tcp::1', 'tcp:65536', 'tcp:-1', 'tcp:::1:2', 'exec:', 'exec:\t'])(
    'refuses %j',
    (text) => {
      expect(() => parseSerialPlace(text)).toThrow(ConfigurationError);
      expect(() => parseSerialPlace(text)).toThrow(`--serial ${text}: `);
    },
  );
});
