/** What of a text a terminal would obey. [ECMA-48 "C0 set", "C1 set"; Unicode PropList "Bidi_Control"] */
import { describe, expect, it } from 'vitest';
import { printable, printableLine } from './printable.js';

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String.fromCharCode(from + i));

describe('printable', () => {
  it('leaves no character that a terminal obeys but the line feed and the tabulator', () => {
    const obeyed = [...range(0x00, 0x1f), ...range(0x7f, 0x9f), ...range(0x202a, 0x202e)];
    for (const character of [...obeyed, ...range(0x2066, 0x2069), '\u061c', '\u200e', '\u200f']) {
      const isKept = character === '\n' || character === '\t';
      expect(printable(`a${character}b`)).toMatch(isKept ? /^a\sb$/ : /^a\\(r|u[0-9a-f]{4})b$/);
      expect(printableLine(`a${character}b`)).toMatch(/^a\\([nrt]|u[0-9a-f]{4})b$/);
    }
  });

  it('leaves a line feed its carriage return, which CSV has [RFC 4180]', () => {
    expect(printable('a,b\r\nc\rd\r\n')).toBe('a,b\r\nc\\rd\r\n');
  });

  it('leaves a JSON document what it is', () => {
    const value = { name: '\x1b[31m\x9b31m\x7f \u202etxt.exe\n', 'é ✓ 𝒳': ['\t', ' ~'] };
    const shown = printable(JSON.stringify(value, null, 2));
    expect(JSON.parse(shown)).toEqual(value);
    expect(shown).not.toMatch(/[\x7f-\x9f\u202e]/);
  });

  it('leaves everything else as it is', () => {
    const text = 'zoo:box: 3 entries, 5 µs → ⌂ é 𝒳\u00a0#\ufffd';
    expect([printable(text), printableLine(text)]).toEqual([text, text]);
  });
});
