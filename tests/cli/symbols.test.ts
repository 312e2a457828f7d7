/** `--symbols`: a flat image without names gets them from a file, and everything that tells or takes a name has them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { elfFile } from '../guests/elf-file.js';
import { emptyFolder, runRecord, s7x } from './s7x.js';

/** A boot sector: `work` three times, then `stop`, which halts with interrupts off. */
const { bytes, symbols } = assemble(
  'boot.asm',
  () => `
    bits 16
    org 0x7C00
start:
    mov cx, 3
again:
    call work
    loop again
stop:
    cli
    hlt
    jmp stop
work:
    inc bx
    ret
    times 510-($-$$) db 0
    dw 0xAA55
`,
);
const NAMES = ['start', 'stop', 'work'];
const addressOf = (name: string): bigint => symbols.get(name) ?? 0n;
const MAP = NAMES.map((name) => `${addressOf(name).toString(16).padStart(16, '0')} T ${name}\n`);
const ELF = elfFile({
  segments: [{ address: 0x7c00n, bytes }],
  pvhEntry: 0x7c00n,
  symbols: NAMES.map((name) => ({ name, address: addressOf(name) })),
});

const folder = emptyFolder();
writeFileSync(join(folder, 'boot.img'), bytes);
writeFileSync(join(folder, 'boot.map'), MAP.join(''));
writeFileSync(join(folder, 'boot.elf'), ELF);
const run = (...words: string[]) =>
  s7x(['run', 'boot.img', '--functional', '-m', '8M', ...words], { folder });

describe.each(['boot.map', 'boot.elf'])('%s', (file) => {
  it('names where it hangs, and moments', async () => {
    const hang = await run('--symbols', file);
    expect(hang.stderr).toMatch(/halted with interrupts off at 0x[0-9a-f]+ \(stop\+0x[0-9a-f]+\)/);
    expect(hang.status).toBe(8);
    const until = await run('--symbols', file, '--until', 'sym:work#3', '-o', 'until');
    expect(until.status).toBe(0);
    expect(runRecord(until, 'until').config).toMatchObject({ symbols: file });
    const again = await s7x(['replay', 'until'], { folder });
    expect(again.stderr).toContain('the run that was recorded');
  });
});

it('without it nothing is named', async () => {
  expect((await run('--until', 'sym:work')).stderr).toMatch(/the image names no function work/);
});

it.each(['boot.map', 'boot.elf'])('a name that is not in %s is looked for there', async (file) => {
  const { status, stderr } = await run('--symbols', file, '--until', 'sym:nobody');
  expect(stderr).toBe(`s7x: --until sym:nobody: ${file} names no function nobody\n`);
  expect(status).toBe(2);
});

it('another file than then is refused by a replay', async () => {
  writeFileSync(join(folder, 'other.map'), MAP.join(''));
  await run('--symbols', 'other.map', '-o', 'other');
  writeFileSync(join(folder, 'other.map'), `${MAP.join('')}0000000000009000 T more\n`);
  const again = await s7x(['replay', 'other'], { folder });
  expect([again.status, again.stderr]).toEqual([
    2,
    expect.stringMatching(/^s7x: other\.map: not what/),
  ]);
});

it.each([
  ['gone.map', 10, /^s7x: symbol file gone\.map cannot be read: /],
  ['boot.img', 2, /^s7x: --symbols boot\.img: neither an ELF file nor lines of nm$/m],
])('%s is refused', async (file, status, sentence) => {
  const refused = await run('--symbols', file);
  expect([refused.status, refused.stderr]).toEqual([status, expect.stringMatching(sentence)]);
});
