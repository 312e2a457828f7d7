/** `s7x replay`: run.json is a recording. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import { guest } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, type Finished } from './s7x.js';

const MACHINE = ['-m', '8M', '--cpu', 'unit'];
const replay = (run: Finished, words: readonly string[] = []): Promise<Finished> =>
  s7x(['replay', ...words], { folder: run.folder });

/** Writes something else into a run's record. */
function forge(run: Finished, change: (record: Record<string, unknown>) => void): void {
  const path = join(run.folder, '.s7x/last/run.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(record);
  writeFileSync(path, JSON.stringify(record));
}

describe('a run that is replayed', () => {
  it.each<[string, string, readonly string[]]>([
    ['the guest switches off', 'power-off', []],
    ['a crash', 'triple-fault', []],
    ['a limit', 'prints-forever', ['--max-insns', '20k']],
    ['an expectation', 'ticks', ['--expect', '/\\n.*\\n/']],
    ['an expectation that is not met', 'power-off', ['--expect', 'nothing']],
    ['random memory, a node, another clock', 'ticks', ['--fill', 'junk:7', '--freq', '2G']],
    ['a core model', 'ticks', ['--cpu', 'zen1']],
  ])('is the same: %s', async (_, name, words) => {
    const cpu = words.includes('--cpu') ? [] : ['--functional'];
    const run = await s7x(['run', guest(name), '-m', '8M', ...cpu, ...words]);
    const again = await replay(run);
    expect(again.stderr).toContain(`state hash ${runRecord(run).hash}`);
    expect(again.stdout).toBe(run.stdout);
    expect(again.status).toBe(0);
    const same = (record: RunRecord): object => ({ ...record, host: undefined });
    expect(same(runRecord(again, '.s7x/replay'))).toEqual(same(runRecord(run)));
  });

  it('types its input again, and has its modules and its map', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'keys'), 'Hello.');
    const words = ['--input', 'keys', '--memmap', 'zoo:bochs-512m', '--cpu', 'unit'];
    const run = await s7x(['run', guest('echo'), ...words], { folder });
    expect(run.stdout).toContain('hELLO');
    expect((await replay(run)).status).toBe(0);
    writeFileSync(join(folder, 'keys'), 'hello.');
    const other = await replay(run);
    expect(other.stderr).toMatch(
      /^s7x: --input keys: not what the run had \(SHA-256 [0-9a-f]{64}, now/,
    );
    expect(other.status).toBe(2);
  });

  it('goes as far as the host let the run go', async () => {
    const run = await s7x(['run', guest('prints-forever'), ...MACHINE, '--wall', '100ms']);
    expect(runRecord(run).outcome.kind).toBe('wall-limit');
    const again = await replay(run);
    expect(again.stderr).toContain('as far as it went (wall-limit)');
    expect(again.status).toBe(0);
  });

  it("is a sweep's row, too, and can be profiled", async () => {
    const folder = emptyFolder();
    const sweep = await s7x(['sweep', guest('ticks'), '--ram', '8M,16M', '--cpu', 'unit'], {
      folder,
    });
    expect(sweep.status).toBe(0);
    const again = await s7x(['replay', 's7x-sweep/runs/0001-16-MiB', '--profile'], { folder });
    expect(again.stderr).toContain('the run that was recorded');
    expect(readFileSync(join(folder, '.s7x/replay/profile.folded'), 'utf8')).toContain('entry');
  });
});

it("is told by the folder's run.json as well, for a replay and a report", async () => {
  const run = await s7x(['run', guest('power-off'), ...MACHINE]);
  const again = await replay(run, ['.s7x/last/run.json']);
  expect([again.status, again.stdout]).toEqual([0, run.stdout]);
  const report = await s7x(['report', '.s7x/last/run.json'], { folder: run.folder });
  expect([report.status, report.stdout]).toEqual([0, expect.stringContaining('power-off.elf')]);
});

describe('--verify', () => {
  const kept = (run: Finished): string =>
    readFileSync(join(run.folder, '.s7x/last/run.json'), 'utf8');

  it('compares the run in one line, and writes nothing', async () => {
    const run = await s7x(['run', guest('power-off'), ...MACHINE]);
    const before = kept(run);
    const again = await replay(run, ['--verify']);
    expect([again.status, again.stdout]).toEqual([0, '']);
    expect(again.stderr).toMatch(
      /^s7x: .s7x\/last: the run that was recorded: [\d ]+ instructions, [\d ]+ cycles, 14 bytes of COM1, state hash \w+\n$/,
    );
    expect([kept(run), existsSync(join(run.folder, '.s7x/replay'))]).toEqual([before, false]);
    expect((await replay(run, ['--verify', '-q'])).stderr).toBe('');
  });

  it('has exit status 12 for other figures, and for other bytes', async () => {
    const run = await s7x(['run', guest('power-off'), ...MACHINE]);
    writeFileSync(join(run.folder, '.s7x/last/serial.log'), 'one\ntwo\nThree');
    forge(run, (record) => {
      (record['stats'] as Record<string, unknown>)['cycles'] = 5;
    });
    const again = await replay(run, ['--verify']);
    expect([again.status, again.stdout]).toEqual([12, '']);
    expect(again.stderr).toMatch(
      /^s7x: .s7x\/last: not the run that was recorded: cycles \d+, then 5; 14 bytes of COM1, then 13, other ones from byte 8\n$/,
    );
  });

  it('types the input again, and is as far as the host let the run go', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'keys'), 'Hello.');
    const typed = await s7x(['run', guest('echo'), '--input', 'keys', ...MACHINE], { folder });
    expect((await replay(typed, ['--verify'])).status).toBe(0);
    const cut = await s7x(['run', guest('prints-forever'), ...MACHINE, '--wall', '100ms']);
    expect((await replay(cut, ['--verify'])).status).toBe(0);
  });

  it('does not go with what shows, keeps or stops the run', async () => {
    const run = await s7x(['run', guest('power-off'), ...MACHINE]);
    for (const words of [['--profile'], ['--until', '1ms'], ['--serial', 'null'], ['-s']]) {
      const again = await replay(run, ['--verify', ...words]);
      expect([again.status, again.stderr]).toEqual([
        2,
        `s7x: --verify only compares: it cannot go with ${words[0] ?? ''}\n`,
      ]);
    }
  });
});

describe('a replay that is not the run', () => {
  it('has exit status 12 and says what differs', async () => {
    const run = await s7x(['run', guest('power-off'), ...MACHINE]);
    const { instructions } = runRecord(run).stats;
    forge(run, (record) => {
      (record.stats as { instructions: number }).instructions++;
      record.hash = '0123456789abcdef';
    });
    const again = await replay(run);
    expect(again.stderr).toContain(
      `not the run that was recorded: instructions ${instructions}, then ${instructions + 1}; state hash`,
    );
    expect(again.status).toBe(12);
  });

  it('is refused with another image, and names it', async () => {
    const folder = emptyFolder();
    cpSync(guest('power-off'), join(folder, 'kernel.elf'));
    const run = await s7x(['run', 'kernel.elf', ...MACHINE], { folder });
    cpSync(guest('ticks'), join(folder, 'kernel.elf'));
    const again = await replay(run);
    expect(again.stderr).toMatch(/^s7x: kernel\.elf: not what the run had \(SHA-256 /);
    expect(again.status).toBe(2);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', {}, /snapshot\.path is not as s7x run writes it/],
    ['another hash', { path: 't.snap', sha256: 'none' }, /snapshot\.sha256 is not as/],
  ])('is refused with a snapshot of %s', async (_, snapshot, sentence) => {
    const run = await s7x(['run', guest('power-off'), ...MACHINE]);
    forge(run, (record) => Object.assign(record, { snapshot }));
    const again = await replay(run);
    expect(again.stderr).toMatch(sentence);
    expect(again.status).toBe(2);
  });

  it.each<[string, (config: Record<string, unknown>) => void, RegExp, number]>([
    ['a text for a number', (config) => (config.coreHz = 'fast'), /config\.coreHz/, 2],
    ['a model that there is not', (config) => (config.cpu = 'z80'), /z80/, 2],
    ['live input', (config) => (config.input = 'stdin'), /is not kept/, 2],
    ['a module that is gone', (config) => (config.modules = ['gone']), /gone/, 10],
  ])('is refused with %s', async (_, change, sentence, status) => {
    const run = await s7x(['run', guest('power-off'), ...MACHINE]);
    forge(run, (record) => change(record.config as Record<string, unknown>));
    const again = await replay(run);
    expect(again.stderr).toMatch(sentence);
    expect(again.stderr.trim().split('\n')).toHaveLength(1);
    expect(again.status).toBe(status);
  });
});
