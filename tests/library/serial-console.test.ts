/** What a guest sends without end is kept up to a limit, behind which its run is over. */
import { expect, it } from 'vitest';
import { KEPT_BYTES_MAX } from '../../emulator/library/kept-bytes.js';
import { SerialConsole } from '../../emulator/library/serial-console.js';
import { SerialTerminal } from '../../emulator/machine/serial-terminal.js';

const console = (stopped: string[]): SerialConsole =>
  new SerialConsole(
    new SerialTerminal(),
    () => Promise.resolve(),
    () => undefined,
    (reason) => stopped.push(reason),
  );

it('keeps what a guest sends, up to a limit that ends its run with a sentence', () => {
  const stopped: string[] = [];
  const serial = console(stopped);
  for (let sent = 0; sent < KEPT_BYTES_MAX; sent++) serial.take(0x41, sent);
  expect(stopped).toEqual([]);
  serial.take(0x42, KEPT_BYTES_MAX);
  expect(stopped).toEqual(['COM1 has sent 16777216 bytes, which is the most that is kept here']);
  expect(serial.bytes.byteLength).toBe(KEPT_BYTES_MAX);
});

it('shows a text as it grows, and finds what came before the wait; a character of several bytes is one', async () => {
  const serial = console([]);
  const send = (text: string, cycle: number): void => {
    for (const byte of Buffer.from(text)) serial.take(byte, cycle);
  };
  send('one\r\n\x1b[31mtw', 10);
  expect(serial.text).toBe('one\ntw');
  send('ö\n', 20);
  expect(serial.text).toBe('one\ntwö\n');
  expect(await serial.waitFor('twö')).toEqual({ text: 'twö', groups: {}, cycle: 20, line: 2 });
});
