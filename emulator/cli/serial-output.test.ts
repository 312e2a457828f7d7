/** Where serial bytes go, and that display never changes what files hold. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigurationError, HostError } from '../base/errors.js';
import { fileSink, serialSink, type TimestampKind } from './serial-output.js';

const folder = mkdtempSync(join(tmpdir(), 's7x-serial-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HZ = 1_000_000_000;

/** What reaches standard output when `text` is sent, byte k at cycle k · 1000 (from 1), and how many pieces. */
function shown(text: string, timestamps: TimestampKind | null): { text: string; pieces: number } {
  const pieces: Uint8Array[] = [];
  const sink = serialSink('stdio', (bytes) => pieces.push(bytes), timestamps, HZ);
  Buffer.from(text, 'latin1').forEach((byte, index) => sink.byte(byte, (index + 1) * 1000));
  sink.close();
  return { text: Buffer.concat(pieces).toString('latin1'), pieces: pieces.length };
}

describe('stdio', () => {
  it('passes every byte value on unchanged', () => {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    expect(shown(all, null).text).toBe(all);
  });

  it('writes pieces of 8 KiB, and keeps no reference to what it has written', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(65 + (i % 26))).join(
      '',
    );
    expect(shown(text, null)).toEqual({ text, pieces: 3 });
  });

  it.each<[TimestampKind, string]>([
    ['cycles', '[          1000] ab\n[          4000] c\n'],
    ['time', '[    0.000001000] ab\n[    0.000004000] c\n'],
    ['delta', '[    0.000001000] ab\n[    0.000003000] c\n'],
  ])('--timestamps=%s puts guest time before each line', (kind, expected) => {
    expect(shown('ab\nc\n', kind).text).toBe(expected);
  });

  it('stamps a line when its first byte comes, not when it is written', () => {
    expect(shown('\nx', 'cycles').text).toBe('[          1000] \n[          2000] x');
  });
});

describe('file', () => {
  it('holds raw bytes, whatever the display shows', () => {
    const path = join(folder, 'raw');
    const sink = serialSink(`file:${path}`, () => undefined, 'time', HZ);
    for (const byte of [0, 0x0a, 0xff]) sink.byte(byte, 1);
    expect(existsSync(path)).toBe(true);
    sink.close();
    expect([...readFileSync(path)]).toEqual([0, 0x0a, 0xff]);
  });

  it("that cannot be written is the host's problem", () => {
    expect(() => fileSink(join(folder, 'missing/x'))).toThrow(HostError);
    expect(() => fileSink(join(folder, 'missing/x'))).toThrow(/missing\/x cannot be written: /);
  });
});

describe('other targets', () => {
  it('null swallows', () => {
    const sink = serialSink('null', () => expect.unreachable(), null, HZ);
    sink.byte(1, 1);
    sink.close();
  });

  it.each(['tty:1', 'file:', '', 'stdout'])('%j is refused', (spec) => {
    expect(() => serialSink(spec, () => undefined, null, HZ)).toThrow(ConfigurationError);
    expect(() => serialSink(spec, () => undefined, null, HZ)).toThrow(`--serial ${spec}`);
  });
});
