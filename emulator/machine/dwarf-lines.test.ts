/** Line tables of objects that gcc makes, as objdump --dwarf=decodedline reads them; and damaged ones. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { lineRanges } from './dwarf-lines.js';
import { elfSection } from './elf-section.js';

const isThere = (name: string): boolean =>
  spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
const canCompile = isThere('gcc') && isThere('objdump') && isThere('addr2line');
if (!canCompile) process.stderr.write('skipped: no gcc, objdump and addr2line are installed\n');

const HEADER = 'static inline int twice(int x) {\n  return x +\n    x;\n}\n';
const SOURCE = `#include "sub/twice.h"
int table[64];
int sum(int n) {
  int all = 0;
  for (int i = 0; i < n; i++) {
    all += table[i & 63];
  }
  return twice(all);
}

int start(void) {
  table[3] = 5;
  if (sum(10) > 3)
    return sum(20);
  return 0;
}
int _start(void) { return start(); }
`;

function compiled(options: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 's7x-lines-'));
  execFileSync('mkdir', [join(folder, 'sub')]);
  writeFileSync(join(folder, 'sub/twice.h'), HEADER);
  writeFileSync(join(folder, 'main.c'), SOURCE);
  const words = ['-ffreestanding', '-nostdlib', '-static', '-no-pie', '-o', 'out.elf', 'main.c'];
  execFileSync('gcc', [...options, ...words], { cwd: folder });
  return join(folder, 'out.elf');
}

describe.skipIf(!canCompile)('a line table', () => {
  const cases = [4, 5].flatMap((version) =>
    ['-O0', '-O2', '-Os'].flatMap((level) => [
      [`-gdwarf-${version}`, level],
      [`-gdwarf-${version}`, level, '-m32'],
      [`-gdwarf-${version}`, level, '-ffunction-sections', '-gno-as-loc-support'],
    ]),
  );
  it.each(cases.map((options) => [options.join(' '), options] as const))(
    'of gcc %s says of each address what addr2line says',
    (_title, options) => {
      let path: string;
      try {
        path = compiled(options);
      } catch {
        expect(options).toContain('-m32'); // a compiler without libraries for it
        return;
      }
      const ranges = lineRanges(readFileSync(path), path) ?? [];
      expect(ranges.length).toBeGreaterThan(5);
      const addresses = ranges.flatMap(({ start, end }) => [start, end - 1n]);
      const words = addresses.map((address) => `0x${address.toString(16)}`);
      const told = execFileSync('addr2line', ['-e', path, ...words], { encoding: 'utf8' });
      const lines = told
        .trim()
        .split('\n')
        .map((line) => line.replace(/ \(discriminator \d+\)$/, ''));
      const found = addresses.map((address) => {
        const own = ranges.filter(({ start, end }) => start <= address && address < end);
        // addr2line of binutils 2.40 takes the first file of a version 5 table for the second.
        return own.map(({ file, line }) =>
          options[0] === '-gdwarf-5' ? `:${line}` : `${file}:${line}`,
        );
      });
      // Version 4 leaves the folder of the compilation to .debug_info.
      found.forEach((own, index) => {
        expect(own.map((place) => lines[index]?.endsWith(place))).toContain(true);
      });
      if (options[0] === '-gdwarf-5')
        expect(ranges.every(({ file }) => file.startsWith('/'))).toBe(true);
      expect(new Set(ranges.map(({ file }) => file.split('/').at(-1)))).toContain('main.c');
    },
  );

  it('has the rows of objdump, from address to address', () => {
    const path = compiled(['-g', '-O1']);
    const told = execFileSync('objdump', ['--dwarf=decodedline', path], { encoding: 'utf8' });
    const rows = [...told.matchAll(/^(\S+) +(\d+|-) +(0x[0-9a-f]+)/gm)].map(
      ([, file, line, address]) =>
        [line === '-' ? null : `${file} ${line}`, BigInt(address ?? 0)] as const,
    );
    const expected = rows.flatMap(([line, start], index) => {
      const end = rows[index + 1]?.[1] ?? start;
      return line === null || end <= start ? [] : [`${start} ${end} ${line}`];
    });
    const ranges = (lineRanges(readFileSync(path), path) ?? []).map(
      ({ start, end, file, line }) => `${start} ${end} ${file.split('/').at(-1)} ${line}`,
    );
    expect(expected.length).toBeGreaterThan(10);
    expect(ranges).toEqual(expected);
  });

  it('is none where there is none, and refused with a sentence where it is compressed or damaged', () => {
    const plain = compiled(['-O1']);
    expect(lineRanges(readFileSync(plain), plain)).toBeNull();
    expect(lineRanges(new Uint8Array(10), 'x')).toBeNull();
    const zipped = compiled(['-g', '-gz=zlib']);
    expect(() => lineRanges(readFileSync(zipped), 'k.elf')).toThrow(
      /^k\.elf: \.debug_line is compressed/,
    );
    const path = compiled(['-g']);
    const file = readFileSync(path);
    const at = file.indexOf(Buffer.from(elfSection(file, '.debug_line', path) ?? []));
    const damaged = (change: (bytes: Buffer) => void): (() => unknown) => {
      const bytes = Buffer.from(file);
      change(bytes);
      return () => lineRanges(bytes, 'k.elf');
    };
    expect(damaged((b) => b.writeUInt16LE(6, at + 4))).toThrow(
      /of DWARF version 6; there are 2 to 5/,
    );
    expect(damaged((b) => b.writeUInt32LE(0x7fff_0000, at))).toThrow(
      /\.debug_line is cut off at byte 4$/,
    );
    // Any byte may be wrong: a sentence, or other lines, and always an end.
    for (let place = 0; place < 120; place++) {
      const parse = damaged((b) => b.writeUInt8(((b[at + place] ?? 0) ^ 0x55) & 0xff, at + place));
      try {
        parse();
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
    }
  });
});

/** An ELF file of 64 bits with one section, whose table of version 4 has this program. */
function withProgram(program: Buffer): Uint8Array {
  const header = Buffer.from('010101fb0e0d00010101010000000100000100612e630000000000', 'hex');
  const [unit, lengths] = [Buffer.concat([header, program]), Buffer.alloc(10)];
  lengths.writeUInt32LE(unit.length + 6, 0);
  lengths.writeUInt16LE(4, 4);
  lengths.writeUInt32LE(header.length, 6);
  const names = Buffer.from('\0.debug_line\0');
  const lines = Buffer.concat([lengths, unit]);
  const section = (name: number, offset: number, size: number): Buffer => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(size), 32);
    return entry;
  };
  const elf = Buffer.alloc(64);
  elf.write('7f454c46020101', 'hex');
  elf.writeBigUInt64LE(64n, 40);
  elf.writeUInt16LE(64, 58);
  elf.writeUInt16LE(2, 60);
  const at = 64 + 2 * 64;
  const table = [section(0, at, names.length), section(1, at + names.length, lines.length)];
  return Buffer.concat([elf, ...table, names, lines]);
}

const NEXT_LINE = Buffer.from([0x21]); // a special opcode: address + 1, line + 1
const END_SEQUENCE = Buffer.from([0, 1, 1]);

it('has as many rows as there are', () => {
  const rows = 300_000;
  const file = withProgram(Buffer.concat([Buffer.alloc(rows, NEXT_LINE), END_SEQUENCE]));
  const ranges = lineRanges(file, 'k.elf') ?? [];
  expect(ranges).toHaveLength(rows - 1);
  expect(ranges.at(-1)).toEqual({
    start: BigInt(rows - 1),
    end: BigInt(rows),
    file: 'a.c',
    line: rows,
  });
});

it.each([
  ['address', 2, 9],
  ['address', 2, 1000],
  ['line', 3, 9],
  ['line', 3, 1000],
])('says when the %s goes too far: operation %i, an operand of %i bytes', (_, opcode, bytes) => {
  const operand = Buffer.concat([Buffer.alloc(bytes, 0xff), Buffer.from([0x3f])]);
  const file = withProgram(Buffer.concat([Buffer.from([opcode]), operand, Buffer.from([1])]));
  expect(() => lineRanges(file, 'k.elf')).toThrow(
    'k.elf: .debug_line: a row has an address or a line beyond 2^53',
  );
});
