/** What the words of the command line mean for a run; docs/cli.md says which defaults. */
import { describe, expect, it } from 'vitest';
import { elfFile } from '../../tests/guests/elf-file.js';
import { ConfigurationError } from '../base/errors.js';
import { recogniseImage } from '../machine/image.js';
import {
  MACHINE_DEFAULTS,
  parseRunOptions,
  parseTimestamps,
  type MachineArguments,
} from './run-options.js';

const bytes = elfFile({
  segments: [{ address: 1n << 20n, bytes: Uint8Array.of(0xf4) }],
  pvhEntry: 1n << 20n,
});
const loaded = {
  image: recogniseImage(bytes, 'k.elf'),
  sha256: 'abc',
  modules: [],
  moduleSha256: [],
  loadSha256: [],
  disk: null,
  symbolsSha256: null,
};

/** As yargs gives them when nothing is written. */
const NOTHING: MachineArguments = { ...MACHINE_DEFAULTS, cpu: 'unit' };

const parse = (change: Partial<MachineArguments>, ram = '128M') =>
  parseRunOptions({ ...NOTHING, ...change }, ram, loaded);

describe('parseRunOptions', () => {
  it('without words is a PC of 128 MiB at 1 GHz without limits', () => {
    expect(parse({})).toEqual({
      imagePath: 'k.elf',
      imageSha256: 'abc',
      kind: 'pvh',
      isDiskette: false,
      modules: [],
      loads: [],
      entry: null,
      diskPath: null,
      symbolsPath: null,
      ramBytes: 128n << 20n,
      memoryMapSpec: 'pc',
      memoryMapAdditions: [],
      memoryMapDisorder: null,
      numaNodeBytes: [],
      cpu: 'unit',
      coreHz: 1_000_000_000,
      fillPattern: 0n,
      uart: 'real',
      residentMaxBytes: 2 ** 31,
      commandLine: '',
      expects: [],
      fails: [],
      records: [],
      parse: null,
      roi: null,
      magic: null,
      until: [],
      steps: [],
      timeoutNs: null,
      maxCycles: null,
      maxInstructions: null,
      wallNs: null,
      expectExit: null,
      keepGoing: false,
      onTripleFault: 'fail',
      traceCategories: ['unimp', 'guest-error'],
    });
  });

  it.each<[string, Partial<MachineArguments>, number | null]>([
    ['no limit without assertions', {}, null],
    ['10 s with --expect', { expect: ['x'] }, 10e9],
    ['10 s with --fail', { fail: ['x'] }, 10e9],
    ['what --timeout says', { expect: ['x'], timeout: '250ms' }, 250e6],
  ])('guest time is limited to: %s', (_, change, ns) => {
    expect(parse(change).timeoutNs).toBe(ns);
  });

  it.each([
    ['zero', 0n],
    ['0xcc', 0xcccc_cccc_cccc_ccccn],
    ['204', 0xcccc_cccc_cccc_ccccn],
    ['junk:0', 0xe220_a839_7b1d_cdafn], // SplitMix64, first outputs: Vigna, splitmix64.c
    ['junk:1', 0x910a_2dec_8902_5cc1n],
  ])('--fill %s repeats eight bytes', (fill, pattern) => {
    expect(parse({ fill }).fillPattern).toBe(pattern);
  });

  it.each([
    [['int,exc'], ['int', 'exc', 'unimp', 'guest-error']],
    [
      ['boot', 'boot'],
      ['unimp', 'guest-error', 'boot'],
    ],
  ])('--debug %j logs %j', (debug, categories) => {
    expect(parse({ debug }).traceCategories).toEqual(categories);
  });

  it.each([
    ['0x10', 16],
    ['16', 16],
    ['0xffffffff', 0xffff_ffff],
  ])('--expect-exit %s is %d', (value, number) => {
    expect(parse({ 'expect-exit': value }).expectExit).toBe(number);
  });

  it('--numa without --ram gives the RAM; with it both stand', () => {
    const implied = parseRunOptions({ ...NOTHING, numa: '1G,3G' }, undefined, loaded);
    expect([implied.numaNodeBytes, implied.ramBytes]).toEqual([[1n << 30n, 3n << 30n], 4n << 30n]);
    expect(parse({ numa: '1G,3G' }).ramBytes).toBe(128n << 20n);
    expect(parseRunOptions(NOTHING, undefined, loaded).ramBytes).toBe(128n << 20n);
  });

  it('--freq sets the core clock', () => {
    expect(parse({ freq: '3G' }).coreHz).toBe(3_000_000_000);
  });

  it.each<[Partial<MachineArguments>, string, RegExp]>([
    [{}, '8X', /--ram 8X/],
    [{ fill: '256' }, '8M', /--fill 256/],
    [{ fill: 'junk' }, '8M', /--fill junk/],
    [{ 'resident-max': '512K' }, '8M', /--resident-max 512K/],
    [{ 'resident-max': '4G' }, '8M', /--resident-max 4G/],
    [{ 'expect-exit': '-1' }, '8M', /--expect-exit -1/],
    [{ 'expect-exit': '0x100000000' }, '8M', /--expect-exit 0x100000000/],
    [{ debug: ['io,all'] }, '8M', /--debug all: no such category/],
    [{ cpu: 'zen9' }, '8M', /--cpu zen9/],
    [{ freq: '0' }, '8M', /--freq 0/],
    [{ freq: '1' }, '8M', /--freq 1: a clock of 1 Hz/],
    [{ wall: '5' }, '8M', /--wall 5/],
    [{ numa: '1G,x' }, '8M', /--numa 1G,x: 'x' is not a size/],
    [{ numa: '' }, '8M', /--numa : /],
    [{ numa: '1G,' }, '8M', /--numa 1G,: /],
    [{ numa: '1M,'.repeat(64) + '1M' }, '8M', /--numa: 65 nodes; there are at most 64/],
  ])('%j with RAM %s is refused', (change, ram, sentence) => {
    expect(() => parse(change, ram)).toThrow(ConfigurationError);
    expect(() => parse(change, ram)).toThrow(sentence);
  });
});

it.each([
  [undefined, null],
  ['', 'time'],
  ['time', 'time'],
  ['cycles', 'cycles'],
  ['delta', 'delta'],
])('--timestamps %j → %s', (value, kind) => {
  expect(parseTimestamps(value)).toBe(kind);
});

it('--timestamps of another kind is refused', () => {
  expect(() => parseTimestamps('host')).toThrow(/--timestamps host/);
});
