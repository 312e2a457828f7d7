/**
 * Names out of files and guests hold what their makers like; a terminal would obey it ([ECMA-48]: an escape sequence
 * begins with ESC, or with CSI of the C1 set). Only the guest's serial port may speak to the terminal.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { elfFile } from '../guests/elf-file.js';
import { emptyFolder, s7x, type Finished } from './s7x.js';

/** Clears the screen, twice. */
const CLEAR = '\x1b[2J\u009b2J';
const SHOWN = '\\u001b[2J\\u009b2J';
/** Of a symbol, whose bytes are not taken for UTF-8. */
const ESCAPE_SHOWN = '\\u001b[2J';
const OBEYED = /[^\n\x20-\x7e\xa0-\uffff]/;

const { bytes } = assemble(
  'hang.asm',
  () => `
    bits 32
    org 0x100000
    cli
    mov dx, 0x3F8
    mov al, 'x'
    out dx, al
    mov al, 10
    out dx, al
stop:
    hlt
    jmp stop
`,
);
const image = elfFile({
  segments: [{ address: 0x100000n, bytes }],
  pvhEntry: 0x100000n,
  symbols: [{ name: `name${CLEAR}`, address: 0x100000n }],
});
const entries = [{ base: '0x100000', size: '0x7f00000', type: 'usable' }];

const folder = emptyFolder();
const write = (name: string, data: string | Uint8Array): void =>
  writeFileSync(join(folder, name), data);
write('k.elf', image);
write('map.json', JSON.stringify({ name: `box${CLEAR}\ns7x: PASS`, entries }));
write('empty.json', JSON.stringify({ name: `box${CLEAR}`, entries: [] }));
write(`file${CLEAR}.yaml`, 'case: {}\n');
write(`file${CLEAR}.json`, JSON.stringify(entries));
write(
  'broken.txt',
  `BIOS-e820: [mem 0x0000000000100000-0x0000000007ffffff] usable\nBIOS-e820: [mem 0x1-0x${CLEAR}] usable\n`,
);

const PRETTY = ['--log-format', 'pretty'];
const run = (...words: string[]): Promise<Finished> => s7x(words, { folder });

describe('what names of files and guests hold is shown and not obeyed:', () => {
  it.each<[string, string[], number]>([
    ['the name of a map, in findings', ['memmap', 'map.json', '--check'], 0],
    ['the name of a map, in JSON', ['memmap', 'map.json', '--json'], 0],
    ['the name of a map, in a sentence', ['run', '--memmap', 'empty.json', ...PRETTY], 2],
    ['the name of a file, as that of a map', ['memmap', `file${CLEAR}.json`, '--check'], 0],
    ['the name of a file, in a sentence', ['memmap', `none${CLEAR}.json`], 10],
    ['the name of a file of the suite', ['test', `file${CLEAR}.yaml`], 2],
    ['a symbol, in a crash report', ['run', 'k.elf', '-m', '8M', ...PRETTY], 8],
    ['a symbol, in lines of NDJSON', ['run', 'k.elf', '-m', '8M', '--log-format', 'json'], 8],
    ['a symbol, in a report', ['report'], 0],
    ['a value of a row', ['sweep', 'k.elf', '--vary', `memmap=file${CLEAR}.json`], 4],
    ['the same as CSV', ['sweep', 'k.elf', '--vary', `memmap=file${CLEAR}.json`, '--csv'], 4],
  ])('%s', async (what, words, status) => {
    if (what.endsWith('report')) await run('run', 'k.elf', '-m', '8M', '--profile');
    const { stdout, stderr, status: ended } = await run(...words);
    // Of standard output s7x() gives a character for each byte.
    const all = (Buffer.from(stdout, 'latin1').toString() + stderr).replaceAll('\r\n', '\n');
    expect(all).toContain(what.startsWith('a symbol') ? ESCAPE_SHOWN : SHOWN);
    expect(OBEYED.exec(all)).toBeNull();
    expect(ended).toBe(status);
  });

  it('a line of a log that is not used', async () => {
    const { stderr } = await run('memmap', 'broken.txt');
    expect(stderr).toContain('line 2 is not used');
    expect(OBEYED.exec(stderr)).toBeNull();
  });

  it('a name ends no line of the emulator', async () => {
    const { stdout } = await run('memmap', 'map.json', '--check');
    expect(stdout).toContain(`box${SHOWN}\\ns7x: PASS: 1 entry`);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a JSON map keeps its name', async () => {
    const { stdout } = await run('memmap', 'map.json', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: `box${CLEAR}\ns7x: PASS` });
  });
});
