/** More decoded code than the shadow stack and the timing engine's data lie behind: nothing of it may reach them. */
import { expect, it } from 'vitest';
import { guestOf } from '../guests/guest.js';
import { runRecord, s7x } from './s7x.js';

/** Instructions of one byte, 32 a block: some 50 MiB of decoded code. */
const NOPS = 1_400_000;
const MANY = guestOf(`
    mov edi, 0x400000
    mov ecx, ${NOPS / 4}
    mov eax, 0x90909090
    rep stosd
    mov byte [edi], 0xc3
    mov eax, 0x400000
    call eax
    jmp power_off
`);

it.each(['unit', 'zen1'])('with --cpu %s and a profile', async (cpu) => {
  const words = ['run', MANY, '-m', '8M', '--cpu', cpu];
  const [plain, profiled] = [await s7x(words), await s7x([...words, '--profile'])];
  expect([plain.status, profiled.status]).toEqual([0, 0]);
  const [now, then] = [runRecord(profiled), runRecord(plain)];
  expect([now.stats.instructions > NOPS, now.hash, now.stats]).toEqual([
    true,
    then.hash,
    then.stats,
  ]);
  const report = await s7x(['report'], { folder: profiled.folder });
  expect(report.status).toBe(0);
  expect(report.stdout).toContain('entry');
});
