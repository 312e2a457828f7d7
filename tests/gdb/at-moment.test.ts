/** `s7x replay --at`: GDB finds a run at a moment of it. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { guestOf } from '../guests/guest.js';
import { runRecord, s7x } from '../cli/s7x.js';
import { GdbClient } from './gdb-client.js';

/** Adds 1 for each call of `work`, at an address that is given. */
const COUNTS = guestOf(`
    xor ebx, ebx
    mov ecx, 9
again:
    call work
    loop again
    jmp power_off
align 64
work:
    add ebx, 3
    ret
`);

it.each(['unit', 'zen1'])('stands there, goes back, and on to the same end: %s', async (cpu) => {
  const run = await s7x(['run', COUNTS, '-m', '8M', '--cpu', cpu]);
  const place = join(run.folder, 'gdb');
  const words = ['replay', '--gdb', `unix:${place}`, '--at', 'sym:work#4'];
  const finished = s7x(words, { folder: run.folder });
  const client = await GdbClient.connect(place);
  expect(await client.ask('?')).toMatch(/^T05/);
  // It stands still when GDB connects, too, which may have been before.
  while ((await client.register('rbx')) !== 9n) await client.ask('vCont;c');
  // Three of nine calls are over.
  expect(await client.register('rcx')).toBe(6n);
  const there = await client.register('rip');
  expect(await client.ask('vCont;s:1')).toMatch(/^T05/);
  expect(await client.register('rbx')).toBe(12n);
  expect(await client.ask('bs')).toMatch(/^T05/);
  expect(await client.register('rip')).toBe(there);
  expect(await client.ask('bs')).toMatch(/^T05/);
  expect(await client.register('rip')).not.toBe(there); // it has not stood still there again
  client.send('$D#44');
  const { stderr, status } = await finished;
  expect(stderr).toContain(`state hash ${runRecord(run).hash}`);
  expect(status).toBe(0);
});
