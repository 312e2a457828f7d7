/** Options that are said otherwise than as words of a run: variables of the environment, letters, and those that only answer. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest, guestOf } from '../guests/guest.js';
import { runRecord, s7x } from './s7x.js';

describe('other ways to say it', () => {
  it('S7X_* variables are options; words on the command line win', async () => {
    const env = { S7X_RAM: '16M', S7X_UART: 'instant', S7X_EXPECT: 'two' };
    const run = await s7x(['run', guest('power-off'), '--uart', 'real'], { env });
    expect(runRecord(run).config).toMatchObject({
      ramBytes: String(16 << 20),
      uart: 'real',
      expect: ['two'],
    });
  });

  // docs/cli.md: -v is for messages of the level debug, pino's 20; the port 0xE9 gives them.
  it.each<[Record<string, string>, string[], number]>([
    [{}, ['-v'], 20],
    [{ S7X_VERBOSE: '1' }, [], 20],
    [{ S7X_VERBOSE: 'true' }, [], 20],
    [{ S7X_VERBOSE: '2' }, [], 20],
    [{ S7X_V: '1' }, [], 20],
    [{ S7X_VERBOSE: '0' }, [], 30],
    [{ S7X_VERBOSE: 'false' }, [], 30],
    [{ S7X_VERBOSE: '' }, [], 30],
    [{ S7X_VERBOSE: '0' }, ['-v'], 20],
    [{ S7X_VERBOSE: '2' }, ['-q'], 50],
  ])('%j %j: the least level of lines is %d', async (env, words, least) => {
    const says = guestOf("mov al, 'x'\nout 0xE9, al\nmov al, 10\nout 0xE9, al\njmp power_off");
    const run = await s7x(['run', says, '--log-format', 'json', ...words], { env });
    expect(run.status).toBe(0);
    const log = readFileSync(join(run.folder, '.s7x/last/log.ndjson'), 'utf8');
    const all = log.trim().split('\n');
    const levelOf = (line: string): number => (JSON.parse(line) as { level: number }).level;
    expect(all.map(levelOf)).toEqual(expect.arrayContaining([20, 30]));
    const shown = run.stderr.split('\n').filter((line) => line !== '');
    expect(shown).toEqual(all.filter((line) => levelOf(line) >= least));
  });

  it('what is counted takes a number in the environment, and none on the command line', async () => {
    const run = await s7x(['run'], { env: { S7X_VERBOSE: 'much' } });
    expect([run.status, run.stderr]).toEqual([
      2,
      's7x: S7X_VERBOSE=much: --verbose is counted: a number, true or false\n',
    ]);
    const written = await s7x(['run', '--verbose=2']);
    expect([written.status, written.stderr]).toEqual([
      2,
      's7x: --verbose=2: --verbose takes no value: it counts how often it is given\n',
    ]);
    const other = await s7x(['memmap'], { env: { S7X_VERBOSE: 'much' } });
    expect([other.status, other.stderr]).toEqual([0, '']);
  });

  it('--print-qemu prints one command and runs nothing', async () => {
    const run = await s7x([
      'run',
      guest('power-off'),
      '-m',
      '1G',
      '--append',
      'a b',
      '--print-qemu',
    ]);
    expect(run.stdout).toMatch(/^qemu-system-x86_64 .*-m 1024M .*-append 'a b'.*\n$/);
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(existsSync(join(run.folder, '.s7x'))).toBe(false);
  });

  it('--cpu help lists the timing models', async () => {
    const run = await s7x(['run', '--cpu', 'help']);
    expect([run.status, /^unit\b/m.test(run.stdout)]).toEqual([0, true]);
  });

  it.each([
    [['--help'], /s7x run [^]*s7x sweep [^]*s7x report [^]*s7x memmap /],
    [['run', '--help'], /--on-triple-fault/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['completion'], /compgen|_yargs/],
    [['completion', 'bash'], /compgen/],
    [['completion', 'zsh'], /^#compdef s7x\n/],
  ])('s7x %j is an answer on standard output', async (words, shape) => {
    const run = await s7x(words);
    expect(run.stdout).toMatch(shape);
    expect([run.status, run.stderr]).toEqual([0, '']);
  });

  it('-m8M and -m 8M are the same', async () => {
    const image = guest('power-off');
    const [glued, apart] = await Promise.all([
      s7x(['run', image, '-m8M']),
      s7x(['run', image, '-m', '8M']),
    ]);
    expect(runRecord(glued).hash).toBe(runRecord(apart).hash);
  });
});
