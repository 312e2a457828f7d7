/** `s7x run --save-at`, and `s7x run` of a snapshot: whole, in GDB, and refused where it is not what it says. */
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../emulator/cli/run-record.js';
import { GdbClient } from '../gdb/gdb-client.js';
import { guest, guestOf } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, type Finished } from '../cli/s7x.js';

const inFolder =
  ({ folder }: Finished) =>
  (words: readonly string[]): Promise<Finished> =>
    s7x(words, { folder });
const UNIT = ['-m', '8M', '--functional'];
const result = ({ stats, hash, outcome }: RunRecord): object => ({
  stats,
  hash,
  kind: outcome.kind,
});

describe.each(['unit', 'zen1'])('with %s', (cpu) => {
  it('a run goes on from each of its snapshots as it went on itself', async () => {
    const words = ['--save-at', '15000insn', '--save-at', 'serial:/\\n/=line.snap', '-m', '8M'];
    const run = await s7x(['run', guest('ticks'), '--cpu', cpu, ...words]);
    expect(run.status).toBe(0);
    const there = inFolder(run);
    const quiet = await s7x(['run', guest('ticks'), '--cpu', cpu, '-m', '8M']);
    expect(result(runRecord(quiet))).toEqual(result(runRecord(run)));
    const on = await there(['run', 'line.snap', '-o', 'on']);
    expect(on.status).toBe(0);
    expect(result(runRecord(on, 'on'))).toEqual(result(runRecord(run)));
    expect(run.stdout.split('\n')[0] + '\n' + on.stdout).toBe(run.stdout);
    const early = await there(['run', '.s7x/last/15000insn.snap', '-o', 'early']);
    expect(result(runRecord(early, 'early'))).toEqual(result(runRecord(run)));
    const again = await there(['replay', 'on']);
    expect(again.stderr).toContain('the run that was recorded');
    expect(again.status).toBe(0);
  });

  it('GDB stands at the snapshot, steps, and goes back to it and no further', async () => {
    const run = await s7x(['run', guest('ticks'), '--cpu', cpu, '--save-at', '10500insn=t.snap']);
    const place = join(run.folder, 'gdb');
    const finished = inFolder(run)(['run', 't.snap', '--gdb', `unix:${place}`, '-S', '-o', 'on']);
    const client = await GdbClient.connect(place);
    expect(await client.register('insns')).toBe(10_500n);
    const rip = await client.register('rip');
    expect(await client.ask('vCont;s:1')).toMatch(/^T05/);
    expect(await client.register('insns')).toBe(10_501n);
    expect(await client.ask('bs')).toMatch(/^T05/);
    expect([await client.register('insns'), await client.register('rip')]).toEqual([10_500n, rip]);
    for (const back of ['bc', 'bs', 'bs']) {
      expect(await client.ask(back)).toBe('T05thread:1;replaylog:begin;');
      expect(await client.register('rip')).toBe(rip);
    }
    expect(await client.ask('D')).toBe('OK');
    await finished;
    const on = JSON.parse(readFileSync(join(run.folder, 'on/run.json'), 'utf8')) as RunRecord;
    expect(result(on)).toEqual(result(runRecord(run)));
  });
});

it('what is typed goes on where it was', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'keys'), 'Hello there.');
  const words = ['--input', 'keys', '--save-at', 'serial:hELL=half.snap', ...UNIT];
  const run = await s7x(['run', guest('echo'), ...words], { folder });
  expect(run.stdout).toContain('hELLO THERE');
  const on = await s7x(['run', 'half.snap', '-o', 'on'], { folder });
  expect(run.stdout.endsWith(on.stdout)).toBe(true);
  expect(on.stdout).toMatch(/^O THERE/);
  expect(result(runRecord(on, 'on'))).toEqual(result(runRecord(run)));
  const refused = await s7x(['run', 'half.snap', '--no-input'], { folder });
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('--input cannot')]);
});

it('the ends and patterns are the new run’s own', async () => {
  const image = guest('ticks-forever');
  const run = await s7x(['run', image, ...UNIT, '--save-at', '20s=late.snap', '--until', '21s']);
  const there = inFolder(run);
  const waits = await there(['run', 'late.snap', '--expect', 'nothing']);
  expect([waits.status, runRecord(waits).stats.ns]).toEqual([124, 30_000_000_000]);
  const until = await there(['run', 'late.snap', '--until', '21s']);
  expect(result(runRecord(until))).toEqual(result(runRecord(run)));
  expect(runRecord(until).config.until).toEqual(['21s']);
});

describe('is refused', () => {
  const taken = s7x(['run', guest('ticks'), ...UNIT, '--save-at', '20000insn=t.snap']);

  it.each([
    [['run', 't.snap', '-m', '16M'], /^s7x: --ram cannot go with a snapshot/],
    [['run', 't.snap', '--cpu', 'zen1'], /^s7x: --cpu cannot go with a snapshot/],
    [['run', 't.snap', '--append', 'x'], /^s7x: --append cannot go/],
    [
      ['run', 't.snap', '--until', '19999insn'],
      /^s7x: --until 19999insn: lies before the snapshot/,
    ],
    [['run', 't.snap', '--until', '1cyc'], /^s7x: --until 1cyc: lies before the snapshot t\.snap,/],
    [['run', 't.snap', '--save-at', '1us'], /^s7x: --save-at 1us: lies before the snapshot/],
    [['run', 't.snap', '--profile'], /^s7x: --profile counts from power-on/],
    [['sweep', 't.snap', '--ram', '8M'], /^s7x: t\.snap: a snapshot is one machine/],
    [['run', '--save-at', 'end'], /nothing goes on from the end/],
    [['run', '--save-at', 'soon'], /^s7x: --save-at soon: not a moment/],
    [['run', '--save-at', '5ms', '--profile'], /^s7x: --save-at cannot go with --profile/],
    [
      ['run', '--save-at', '5ms=a.snap', '--save-at', '6ms=a.snap'],
      /two snapshots would be a\.snap/,
    ],
  ])('%j', async (words, sentence) => {
    const refused = await s7x(words, { folder: (await taken).folder });
    expect(refused.stderr).toMatch(sentence);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(refused.status).toBe(2);
  });

  type Header = Record<string, unknown> & { machine: Record<string, unknown> };
  /** The file with another header, whose hash is right. */
  const withHeader = (file: Buffer, change: (header: Header) => void): Buffer => {
    const bytes = file.readUInt32LE(12);
    const header = JSON.parse(inflateRawSync(file.subarray(48, 48 + bytes)).toString()) as Header;
    change(header);
    const packed = deflateRawSync(JSON.stringify(header));
    const rest = Buffer.concat([packed, file.subarray(48 + bytes)]);
    const start = Buffer.from(file.subarray(0, 16));
    start.writeUInt32LE(packed.length, 12);
    return Buffer.concat([start, createHash('sha256').update(rest).digest(), rest]);
  };

  it.each<[string, (file: Buffer) => Buffer, RegExp]>([
    ['cut in its beginning', (file) => file.subarray(0, 20), /is none, or is cut/],
    ['cut in its header', (file) => file.subarray(0, 100), /damaged or cut/],
    ['without its last byte', (file) => file.subarray(0, -1), /damaged or cut/],
    ['with a byte too many', (file) => Buffer.concat([file, Buffer.of(0)]), /damaged or cut/],
    [
      'with a changed byte',
      (file) => (file.writeUInt8(file.readUInt8(5000) ^ 1, 5000), file),
      /damaged/,
    ],
    ['of another version', (file) => (file.writeUInt32LE(9, 8), file), /has version 9/],
    [
      'with a header of 4 GiB',
      (file) => (file.writeUInt32LE(0xffff_ffff, 12), file),
      /not as s7x writes it/,
    ],
    [
      'of another build',
      (file) => withHeader(file, (h) => (h['build'] = '0'.repeat(64))),
      /another build/,
    ],
    [
      'with a page of terabytes',
      (file) => withHeader(file, (h) => ((h['runs'] as number[][])[0] = [4096, 2 ** 42])),
      /its memory/,
    ],
    [
      'with memory where code is decoded',
      (file) => withHeader(file, (h) => (h['runs'] as number[][]).unshift([0x100000, 4096])),
      /its memory/,
    ],
    [
      'with pieces that are too long',
      (file) => withHeader(file, (h) => (h['pieces'] = [2 ** 40])),
      /its memory/,
    ],
    [
      'without chips',
      (file) => withHeader(file, (h) => (h.machine['board'] = {})),
      /not as s7x writes/,
    ],
    [
      'with time that nobody has counted',
      (file) => withHeader(file, (h) => (h.machine['time'] = { waitedCycles: null, engine: null })),
      /\(machine\.time\.waitedCycles\)/,
    ],
    [
      'with a run that waits for anything',
      (file) => withHeader(file, (h) => (h['loop'] = { ...(h['loop'] as object), resets: 'no' })),
      /\(loop\.resets\)/,
    ],
    [
      'with a block of a disk that is not there',
      (file) => withHeader(file, (h) => ((h['blocks'] as number[][])[0] = [0, 2 ** 40])),
      /its memory/,
    ],
    ['without a configuration', (file) => withHeader(file, (h) => delete h['config']), /\(config/],
  ])('%s', async (_, change, sentence) => {
    const { folder } = await taken;
    const other = emptyFolder();
    writeFileSync(join(other, 't.snap'), change(readFileSync(join(folder, 't.snap'))));
    const refused = await s7x(['run', 't.snap'], { folder: other });
    expect(refused.stderr).toMatch(/^s7x: t\.snap: this snapshot /m);
    expect(refused.stderr).toMatch(sentence);
    expect(refused.status).toBe(10);
  });

  it('with another image', async () => {
    const folder = emptyFolder();
    copyFileSync(guest('ticks'), join(folder, 'k.elf'));
    const run = await s7x(['run', 'k.elf', ...UNIT, '--save-at', '5ms=t.snap'], { folder });
    copyFileSync(guestOf('jmp power_off'), join(folder, 'k.elf'));
    const refused = await inFolder(run)(['run', 't.snap']);
    expect(refused.stderr).toMatch(/^s7x: k\.elf: not what the run had/);
    expect(refused.status).toBe(2);
  });
});

it('a moment that has not come leaves no snapshot, and a warning', async () => {
  const run = await s7x(['run', guest('power-off'), ...UNIT, '--save-at', '10s']);
  expect(run.stderr).toContain('--save-at 10s has not come');
  expect(run.status).toBe(0);
});
