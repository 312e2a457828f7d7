/** `--serial-log`, `--log-file` and `--filter`: where the bytes of COM1 and the emulator's lines go. */
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, s7x } from './s7x.js';
import { withFiles } from './suite-folder.js';

const BYE = ['run', 'bye.elf', '--cpu', 'unit', '--uart', 'instant'];
const textOf = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');

describe('--serial-log', () => {
  it('has the bytes of serial.log, whatever standard output shows', async () => {
    const folder = withFiles({ 'keys.txt': 'abc.' });
    const words = ['run', 'echo.elf', '--cpu', 'unit', '--input', 'keys.txt', '-q'];
    const outputs = ['--serial', 'null', '--timestamps', '--serial-log', 'com1.log'];
    const finished = await s7x([...words, ...outputs], { folder, input: null });
    expect([finished.status, finished.stdout]).toEqual([0, '']);
    expect(textOf(folder, 'com1.log')).toBe('ABC');
    expect(textOf(folder, '.s7x/last/serial.log')).toBe('ABC');
    const replay = await s7x(['replay', '--serial-log', 'again.log'], { folder, input: null });
    expect(replay.status).toBe(0);
    expect(textOf(folder, 'again.log')).toBe('ABC');
  });

  it('has them while the run goes on', async () => {
    const folder = emptyFolder();
    const logs: string[] = [];
    const words = ['run', guest('prints-forever'), '--cpu', 'unit', '--serial-log', 'com1.log'];
    await s7x([...words, '--wall', '30s'], {
      folder,
      onOutput: (text, kill) => {
        if (text.length < 200 || logs.length > 0) return;
        logs.push(textOf(folder, 'com1.log'), textOf(folder, '.s7x/last/serial.log'));
        kill('SIGTERM');
      },
    });
    expect(logs.map((text) => text.length >= 200)).toEqual([true, true]);
  });
});

describe('--log-file', () => {
  it('has the lines that standard error would have had, which has none', async () => {
    const folder = withFiles({});
    const plain = await s7x(BYE, { folder, input: null });
    const filed = await s7x([...BYE, '-D', 'log.txt'], { folder, input: null });
    expect([filed.status, filed.stderr]).toEqual([0, '']);
    expect(textOf(folder, 'log.txt')).toBe(plain.stderr);
    const pretty = [...BYE, '--log-format', 'pretty'];
    const shown = await s7x([...pretty, '-v'], { folder, input: null });
    await s7x([...pretty, '-v', '--log-file', 'pretty.txt'], { folder, input: null });
    expect(textOf(folder, 'pretty.txt')).toBe(shown.stderr);
    expect(shown.stderr).toContain('s7x: PASS');
  });

  it('leaves a bad command line on standard error', async () => {
    const folder = withFiles({});
    const bad = await s7x(['run', '-m', '8Q', '-D', 'log.txt'], { folder, input: null });
    expect([bad.status, bad.stderr.startsWith('s7x: --ram 8Q: ')]).toEqual([2, true]);
    expect(existsSync(join(folder, 'log.txt'))).toBe(false);
  });
});

/** Two reads of ports that are not modelled, which is logged always. */
const PORTS = guestOf(
  'mov dx, 0x5150\nin al, dx\nfar: mov dx, 0x5152\nin al, dx\nmov dx, 0x604\nmov ax, 0x2000\nout dx, ax\n',
);

describe('--filter', () => {
  const ripsOf = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { rip?: string }).rip ?? '')
      .filter((rip) => rip !== '');

  it('logs events of its ranges of RIP only, on standard error and in log.ndjson', async () => {
    const folder = emptyFolder();
    const words = ['run', PORTS, '--cpu', 'unit'];
    const all = await s7x(words, { folder, input: null });
    const [first = '', second = ''] = ripsOf(all.stderr).slice(-2);
    expect(Number(second)).toBeGreaterThan(Number(first));
    const filter = ['--filter', `${first}..${first}`];
    const one = await s7x([...words, ...filter], { folder, input: null });
    expect(ripsOf(one.stderr)).toEqual([first]);
    expect(ripsOf(textOf(folder, '.s7x/last/log.ndjson'))).toEqual([first]);
    const both = [...filter, '--filter', `${second}..0xffffffff`];
    const replay = await s7x(['replay', ...both], { folder, input: null });
    expect(replay.status).toBe(0);
    expect(ripsOf(replay.stderr)).toEqual([first, second]);
  });
});

describe('files that a run writes are its own', () => {
  it.each<[what: string, words: string[], sentence: string]>([
    [
      'the image',
      ['--serial-log', 'bye.elf'],
      '--serial-log bye.elf: this file is needed already (bye.elf)',
    ],
    [
      'a file of the folder',
      ['-D', '.s7x/last/log.ndjson'],
      '--log-file .s7x/last/log.ndjson: this file is needed already (log.ndjson of the folder .s7x/last)',
    ],
    [
      'another',
      ['--serial-log', 'a', '-D', './a'],
      '--log-file ./a: this file is needed already (--serial-log a)',
    ],
    [
      'a port',
      ['-D', 'a', '--serial', 'file:a'],
      '--serial file:a: this file is needed already (--log-file a)',
    ],
    [
      'standard output',
      ['--serial-log', '-'],
      '--serial-log -: name a file; standard output has the bytes of COM1',
    ],
    ['nothing', ['--log-file='], '--log-file : no file is named'],
    [
      'no range',
      ['--filter', '1'],
      '--filter 1: write ADDRESS..ADDRESS, such as 0x100000..0x1fffff',
    ],
  ])('%s', async (_, words, sentence) => {
    const finished = await s7x([...BYE, ...words], { folder: withFiles({}), input: null });
    expect([finished.status, finished.stderr]).toEqual([2, `s7x: ${sentence}\n`]);
  });

  it('what is typed, a configuration, a snapshot, a record that is replayed, and other names of these are not written over', async () => {
    const folder = withFiles({ 'in.txt': 'keys', 's7x.yaml': 'quiet: true\n' });
    const run = (...words: string[]) => s7x(words, { folder, input: null });
    const [, image = ''] = BYE;
    expect((await run('run', image, '--save-at', '1insn=a.snap', '--input', 'in.txt')).status).toBe(
      0,
    );
    symlinkSync(join(folder, 'in.txt'), join(folder, 'link.txt'));
    const before = ['in.txt', 's7x.yaml', '.s7x/last/run.json'].map((name) => textOf(folder, name));
    for (const words of [
      ['run', image, '--input', 'in.txt', '--serial-log', 'in.txt'],
      ['run', image, '--input', 'in.txt', '--junit', 'link.txt'],
      ['run', image, '-D', 's7x.yaml'],
      ['run', 'a.snap', '--no-config', '--serial-log', 'a.snap'],
      ['run', image, '--save-at', '1insn=b.snap', '--serial', 'file:b.snap'],
      ['replay', '--serial-log', '.s7x/last/run.json'],
    ]) {
      const refused = await run(...words);
      expect([words, refused.status, refused.stderr]).toEqual([
        words,
        2,
        expect.stringContaining('this file is needed already'),
      ]);
    }
    const after = ['in.txt', 's7x.yaml', '.s7x/last/run.json'].map((name) => textOf(folder, name));
    expect(after).toEqual(before);
  });

  it('terminals and /dev/null are for everybody', async () => {
    const folder = withFiles({});
    const words = ['--serial', 'file:/dev/null', '--serial-log', '/dev/null', '-D', '/dev/null'];
    expect((await s7x([...BYE, ...words], { folder, input: null })).status).toBe(0);
  });

  it('of a configuration lie in its folder', async () => {
    const folder = withFiles({ 'c/s7x.yaml': 'serial-log: com1.log\nlog-file: log.txt\n' });
    writeFileSync(join(folder, 'c/com1.log'), 'old');
    const finished = await s7x([...BYE, '--config', 'c/s7x.yaml'], { folder, input: null });
    expect([finished.status, finished.stderr]).toEqual([0, '']);
    expect(textOf(folder, 'c/log.txt')).toContain('configuration c/s7x.yaml');
    expect(textOf(folder, 'c/com1.log')).not.toContain('old');
  });
});
