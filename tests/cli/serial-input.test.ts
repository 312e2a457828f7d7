/** What is typed at COM1: files, standard input, nobody. The guest tests/guests/echo.asm changes the case of what it gets. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TUNING } from '../../emulator/machine/run-tuning.js';
import { SerialTerminal } from '../../emulator/machine/serial-terminal.js';
import { guest, guestImage } from '../guests/guest.js';
import { TestMachine } from '../guests/test-machine.js';
import { emptyFolder, runRecord, s7x, type Circumstances, type Finished } from './s7x.js';

/** 8N1 at 115200 baud: 10 bits, each 16 ticks of 1.8432 MHz [PC16550D "Programmable Baud Generator"]. */
const CHARACTER_NS = (160 / 1_843_200) * 1e9;

const echo = guest('echo');
const run = (words: readonly string[], circumstances: Circumstances = {}): Promise<Finished> =>
  s7x(['run', echo, '--cpu', 'unit', '--wall', '30s', '-q', ...words], circumstances);

function withFile(text: string): string {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'keys.txt'), text);
  return folder;
}

describe('--input FILE', () => {
  it('is typed at the rate of the line, and the same each time', async () => {
    const folder = withFile('Hello, World.');
    const first = await run(['--input', 'keys.txt'], { folder });
    expect([first.status, first.stdout]).toEqual([0, 'hELLO, wORLD']);
    const record = runRecord(first);
    expect(record.config.input).toBe('keys.txt');
    expect(record.config.inputSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(record.stats.ns).toBeGreaterThan(13 * CHARACTER_NS);
    const second = await run(['--input', 'keys.txt'], { folder });
    expect({ ...runRecord(second), host: null }).toEqual({ ...record, host: null });
  });

  it('ends with its last character: what then waits for more is a hang, known at once', async () => {
    const ended = await run(['--input', 'keys.txt'], { folder: withFile('abc') });
    expect([ended.status, ended.stdout]).toEqual([8, 'ABC']);
    expect(runRecord(ended).outcome.detail).toContain('no device has anything to report');
  });

  it('that is not there: status 10 and one sentence', async () => {
    const { status, stderr } = await s7x(['run', echo, '--input', 'nowhere.txt']);
    expect([status, stderr.trim().split('\n').length]).toEqual([10, 1]);
    expect(stderr).toContain('--input nowhere.txt cannot be read');
  });
});

describe('standard input', () => {
  it('--input - reads it to its end before the run', async () => {
    const ended = await run(['--input', '-'], { input: 'q.' });
    expect([ended.status, ended.stdout, runRecord(ended).config.input]).toEqual([0, 'Q', 'stdin']);
  });

  it('--serial stdio reads it as it comes, and waits for it', async () => {
    const ended = await run(['--serial', 'stdio'], { input: 'live.' });
    expect([ended.status, ended.stdout]).toEqual([0, 'LIVE']);
  });

  it('--serial stdio with an empty one ends as without', async () => {
    expect((await run(['--serial', 'stdio'], { input: null })).status).toBe(8);
    expect((await run(['--serial', 'stdio'], { input: '' })).status).toBe(8);
  });

  it.each([
    ['a run that does not ask for it', []],
    ['--no-input', ['--serial', 'stdio', '--no-input']],
  ])('%s does not read it', async (_, words) => {
    const ended = await run(words, { input: 'x.' });
    expect([ended.status, ended.stdout, runRecord(ended).config.input]).toEqual([8, '', null]);
  });

  it('cannot be the memory map too', async () => {
    const { status, stderr } = await run(['--memmap', '-', '--input', '-'], { input: '' });
    expect(status).toBe(2);
    expect(stderr).toContain('standard input');
  });
});

describe('the run loop changes nothing of an echo', () => {
  const figures = (runInstructionsMax: number, countsPasses: boolean) => {
    const terminal = new SerialTerminal();
    terminal.give(Buffer.from('The same bytes.'));
    terminal.end();
    const host = new TestMachine(guestImage('echo'), { terminal });
    const end = host.run({ ...DEFAULT_TUNING, runInstructionsMax, countsPasses });
    const { machine } = host;
    return [end.kind, host.serial, machine.nowCycles, machine.stateHash()];
  };

  it.each([
    [1, true],
    [7, false],
    [100_000, false],
  ])('in runs of %i instructions, counting passes: %s', (instructionsMax, countsPasses) => {
    const reference = figures(100_000, true);
    expect(reference.slice(0, 2)).toEqual(['power-off', 'tHE SAME BYTES']);
    expect(figures(instructionsMax, countsPasses)).toEqual(reference);
  });
});
