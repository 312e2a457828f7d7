/** `--cast`: a recording of a whole run. [asciicast v2, docs.asciinema.org/manual/asciicast/v2] */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runRecord, s7x } from './s7x.js';
import { withFiles } from './suite-folder.js';

type Event = readonly [seconds: number, code: string, data: string];

/** What the guest `echo` has to get to show this: it changes the case of letters, bit 5 of all bytes from 'A' on. */
const typedFor = (text: string): Buffer =>
  Buffer.from(text).map((byte) => (byte >= 0x41 ? byte ^ 0x20 : byte)) as Buffer;

const RUN = ['run', 'echo.elf', '-m', '8M', '--input', 'typed.txt', '--timeout', '300ms'];

describe('--cast', () => {
  it('has what COM1 showed in guest time, markers where it was expected, and the same bytes each time', async () => {
    const folder = withFiles({});
    writeFileSync(join(folder, 'typed.txt'), typedFor('grüße\nzwei\n'));
    const words = [...RUN, '--expect', 'grüße', '--expect', '/z.ei/', '--cast'];
    const first = await s7x([...words, 'a.cast'], { folder, input: null });
    expect(first.status).toBe(0);
    const text = readFileSync(join(folder, 'a.cast'), 'utf8');
    const [header = '', ...lines] = text.trimEnd().split('\n');
    expect(JSON.parse(header)).toEqual({ version: 2, width: 80, height: 25 });
    const events = lines.map((line) => JSON.parse(line) as Event);
    expect(events.every(([, code]) => code === 'o' || code === 'm')).toBe(true);
    const times = events.map(([seconds]) => seconds);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const shown = events.filter(([, code]) => code === 'o').map(([, , data]) => data);
    const serial = readFileSync(join(folder, '.s7x/last/serial.log'), 'utf8');
    expect(shown.join('').replaceAll('\r\n', '\n')).toBe(serial.replaceAll('\r\n', '\n'));
    const { expects, config } = runRecord(first);
    const markers = events.filter(([, code]) => code === 'm');
    expect(markers.map(([, , label]) => label)).toEqual(['grüße', '/z.ei/']);
    markers.forEach(([seconds], index) => {
      const cycle = expects[index]?.cycle ?? 0;
      expect(seconds).toBeCloseTo(cycle / Number(config['coreHz']), 6);
    });

    const again = await s7x([...words, 'b.cast'], { folder, input: null });
    expect(again.status).toBe(0);
    expect(readFileSync(join(folder, 'b.cast'), 'utf8')).toBe(text);
    const replay = await s7x(['replay', '--cast', 'c.cast'], { folder, input: null });
    expect(replay.status).toBe(0);
    expect(readFileSync(join(folder, 'c.cast'), 'utf8')).toBe(text);
  });

  it('is no standard output, which has the bytes of COM1', async () => {
    const folder = withFiles({ 'typed.txt': '', 's7x.yaml': 'cast: "-"\n' });
    const sentence = '--cast -: name a file; standard output has the bytes of COM1';
    const finished = await s7x([...RUN, '--no-config', '--cast', '-'], { folder, input: null });
    expect([finished.status, finished.stderr]).toEqual([2, `s7x: ${sentence}\n`]);
    const configured = await s7x(RUN, { folder, input: null });
    expect([configured.status, configured.stderr]).toEqual([2, `s7x: ${sentence} (s7x.yaml:1)\n`]);
    expect(existsSync(join(folder, '-'))).toBe(false);
  });

  it('is refused where it would write over an image, or cannot be written', async () => {
    const folder = withFiles({ 'typed.txt': '' });
    const over = await s7x([...RUN, '--cast', 'bye.elf'], { folder, input: null });
    expect(over.status).toBe(2);
    expect(over.stderr).toMatch(/^s7x: --cast bye\.elf: this file is there and is no text/);
    writeFileSync(join(folder, 'file'), '');
    const nowhere = await s7x([...RUN, '--cast', 'file/a.cast'], { folder, input: null });
    expect(nowhere.status).toBe(10);
    expect(nowhere.stderr).toContain('s7x: file/a.cast cannot be written: ');
  });
});
