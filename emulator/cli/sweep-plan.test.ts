/** Which rows a sweep has, and which of them a shard runs. */
import { describe, expect, it } from 'vitest';
import { elfFile } from '../../tests/guests/elf-file.js';
import { ConfigurationError } from '../base/errors.js';
import { recogniseImage } from '../machine/image.js';
import { zooNames } from '../memory/zoo.js';
import type { MapInput } from './memmap-source.js';
import { MACHINE_DEFAULTS, type MachineArguments } from './run-options.js';
import { parseShard, planRows, rowsOfShard } from './sweep-plan.js';

const MIB = 1n << 20n;
const bytes = elfFile({ segments: [{ address: MIB, bytes: Uint8Array.of(0xf4) }], pvhEntry: MIB });
const image = {
  image: recogniseImage(bytes, 'k.elf'),
  sha256: '',
  modules: [],
  moduleSha256: [],
  loadSha256: [],
  disk: null,
  symbolsSha256: null,
};
const noInput: MapInput = {
  readFile: () => expect.unreachable(),
  readStandardInput: () => expect.unreachable(),
};
const ARGUMENTS: MachineArguments = { ...MACHINE_DEFAULTS, cpu: 'unit', expect: ['ok'] };

const plan = (ram: string | undefined, vary: readonly string[] = []) =>
  planRows(ARGUMENTS, ram, vary, image, noInput);

const keys = (rows: ReturnType<typeof plan>): string[] =>
  rows.map(({ key }) => Object.values(key).join(' '));

describe('planRows', () => {
  it('has a row for each RAM size, with its own map', () => {
    const rows = plan('8M..32M');
    expect(keys(rows)).toEqual(['8 MiB', '16 MiB', '32 MiB']);
    expect(rows.map(({ index, options }) => [index, options.ramBytes])).toEqual([
      [0, 8n * MIB],
      [1, 16n * MIB],
      [2, 32n * MIB],
    ]);
    expect(rows[1]?.map.entries.some(({ base, length }) => base + length === 16n * MIB)).toBe(true);
  });

  it('has all combinations, the first variation slowest', () => {
    expect(keys(plan('8M,16M', ['uart=real,instant', 'fill=zero,0xcc']))).toEqual([
      '8 MiB real zero',
      '8 MiB real 0xcc',
      '8 MiB instant zero',
      '8 MiB instant 0xcc',
      '16 MiB real zero',
      '16 MiB real 0xcc',
      '16 MiB instant zero',
      '16 MiB instant 0xcc',
    ]);
  });

  it('gives each row its option, lists as lists, and keeps the others', () => {
    const [row] = plan(undefined, ['fail=panic,oops', 'uart=instant']);
    expect(row?.options).toMatchObject({
      fails: ['panic'],
      expects: ['ok'],
      uart: 'instant',
      ramBytes: 128n * MIB,
    });
  });

  it('reads truth values', () => {
    const rows = plan('8M', ['keep-going=true,false']);
    expect(rows.map(({ options }) => options.keepGoing)).toEqual([true, false]);
  });

  it('varies RAM by --vary too', () => {
    expect(keys(plan(undefined, ['ram=8M..16M']))).toEqual(['8 MiB', '16 MiB']);
    expect(keys(plan(undefined, ['uart=real,instant', 'ram=8M,9M']))).toEqual([
      'real 8 MiB',
      'real 9 MiB',
      'instant 8 MiB',
      'instant 9 MiB',
    ]);
  });

  it('takes zoo:* for every map of the zoo, zoo:dell-* for some', () => {
    expect(keys(plan(undefined, ['memmap=zoo:*']))).toEqual(
      zooNames().map((name) => `zoo:${name}`),
    );
    const some = keys(plan(undefined, ['memmap=zoo:dell-*']));
    expect(some).toEqual(
      zooNames()
        .filter((name) => name.startsWith('dell-'))
        .map((name) => `zoo:${name}`),
    );
    expect(some.length).toBeGreaterThan(0);
  });

  it.each<[string | undefined, string[], RegExp]>([
    [undefined, [], /nothing varies/],
    ['8M', ['keep-going=yes'], /keep-going=yes: there is true and false/],
    ['8M', ['uart'], /--vary uart: write OPTION=A,B,C/],
    ['8M', ['memmpa=pc'], /no option memmpa.*memmap/],
    ['8M', ['uart='], /a value is empty/],
    ['8M', ['memmap=zoo:nothing-*'], /no map of the zoo fits/],
    ['8M', ['memmap=zoo:nothing'], /no map 'nothing'/],
    ['8M', ['uart=fast'], /fast/],
    ['8M', ['on-triple-fault=explode'], /explode/],
    ['512K', [], /--ram: RAM of 512 KiB/],
    ['8M', ['ram=16M'], /ram varies twice/],
    [undefined, ['fill=0', 'uart=real', 'fill=1'], /fill varies twice/],
    ['1M..90G+10M', ['uart=real,instant', 'fill=0,1,2,3,4,5,6,7,8,9'], /more than 100000 rows/],
  ])('ram %j vary %j is refused', (ram, vary, sentence) => {
    expect(() => plan(ram, vary)).toThrow(ConfigurationError);
    expect(() => plan(ram, vary)).toThrow(sentence);
  });
});

describe('shards', () => {
  it.each([1, 2, 3, 7, 40])(
    '%d of them have each row once, and differ by one row at most',
    (count) => {
      const rows = plan('8M..4P');
      const shards = Array.from({ length: count }, (_, i) =>
        rowsOfShard(rows, { index: i + 1, count }),
      );
      expect(
        shards
          .flat()
          .map(({ index }) => index)
          .sort((a, b) => a - b),
      ).toEqual(rows.map(({ index }) => index));
      const sizes = shards.map((shard) => shard.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    },
  );

  it('2/8 is the second of eight', () => {
    expect(parseShard('2/8')).toEqual({ index: 2, count: 8 });
  });

  it.each(['', '0/2', '3/2', '1', '1/0', 'a/b', '1/2/3', '-1/2'])('%j is refused', (text) => {
    expect(() => parseShard(text)).toThrow(ConfigurationError);
    expect(() => parseShard(text)).toThrow(`--shard ${text}`);
  });
});
