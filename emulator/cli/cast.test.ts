/** Recordings against asciicast v2 as docs.asciinema.org/manual/asciicast/v2 has it. */
import { describe, expect, it } from 'vitest';
import { CastRecording } from './cast.js';

const MHZ = 1e6;

/** Bytes with their times in microseconds, and what the recording's lines say. */
function recorded(give: (recording: CastRecording) => void): { lines: string[]; data: unknown[] } {
  let text = '';
  const recording = new CastRecording((line) => (text += line), MHZ);
  give(recording);
  recording.end(9 * MHZ);
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return { lines, data: lines.map((line) => JSON.parse(line) as unknown) };
}

function bytes(recording: CastRecording, text: string | Uint8Array, cycle: number): void {
  for (const byte of Buffer.from(text as string)) recording.byte(byte, cycle);
}

describe('CastRecording', () => {
  it('begins with the three attributes that a header must have, and no time of the host', () => {
    expect(recorded(() => undefined).lines).toEqual(['{"version":2,"width":80,"height":25}']);
  });

  it('has one event for what comes together, at the time of its first byte', () => {
    const { lines } = recorded((recording) => {
      bytes(recording, 'ab', 1500);
      bytes(recording, 'c', 9_000);
      bytes(recording, 'd', 2_000_000);
    });
    expect(lines.slice(1)).toEqual(['[0.001500, "o", "abc"]', '[2.000000, "o", "d"]']);
  });

  it('cuts no character, however far apart its bytes come', () => {
    const { data } = recorded((recording) => {
      [...Buffer.from('é€😀')].forEach((byte, index) => recording.byte(byte, index * MHZ));
    });
    expect(data.slice(1)).toEqual([
      [1, 'o', 'é'],
      [4, 'o', '€'],
      [8, 'o', '😀'],
    ]);
  });

  it('has a replacement character for what is no UTF-8, and for a character without an end', () => {
    const { data } = recorded((recording) => {
      bytes(recording, Buffer.from([0x61, 0xff, 0x62]), 0);
      recording.byte(0xe2, MHZ);
    });
    expect(data.slice(1)).toEqual([
      [0, 'o', 'a\ufffdb'],
      [9, 'o', '\ufffd'],
    ]);
  });

  it('has markers between the outputs before and behind them', () => {
    const { lines } = recorded((recording) => {
      bytes(recording, 'one', 10);
      recording.marker('/o"ne/', 10);
      bytes(recording, 'two', 20);
    });
    expect(lines.slice(1)).toEqual([
      '[0.000010, "o", "one"]',
      '[0.000010, "m", "/o\\"ne/"]',
      '[0.000020, "o", "two"]',
    ]);
  });

  it('has what is not printable as \\uXXXX', () => {
    const { lines, data } = recorded((recording) => {
      bytes(recording, '\x1b[1m\x7f\u0085\u200b\u{e0001}', 0);
    });
    expect(lines[1]).toBe('[0.000000, "o", "\\u001b[1m\\u007f\\u0085\\u200b\\udb40\\udc01"]');
    expect(data[1]).toEqual([0, 'o', '\x1b[1m\x7f\u0085\u200b\u{e0001}']);
  });

  it('returns the carriage where the guest does not, as a terminal driver does', () => {
    const { data } = recorded((recording) => bytes(recording, 'a\nb\r\nc', 0));
    expect(data[1]).toEqual([0, 'o', 'a\r\nb\r\nc']);
  });

  it('has no event that grows without end', () => {
    const { data } = recorded((recording) => bytes(recording, 'x'.repeat(10_000), 0));
    expect(data.length).toBeGreaterThan(2);
    const texts = data.slice(1).map((event) => (event as [number, string, string])[2]);
    expect(texts.join('')).toBe('x'.repeat(10_000));
  });
});
