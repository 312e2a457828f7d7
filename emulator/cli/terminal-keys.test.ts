import { describe, expect, it } from 'vitest';
import { TerminalKeys } from './terminal-keys.js';

describe('keys of a terminal [QEMU "Keys in the character backend multiplexer"]', () => {
  it.each([
    // typed, in pieces; what the guest gets; asked for
    [['hello\r'], 'hello\r', []],
    [['\x03'], '\x03', []], // Ctrl-C is the guest's
    [['\x01\x01'], '\x01', []],
    [['a\x01', '\x01b'], 'a\x01b', []], // across two reads
    [['\x01x'], '', ['quit']],
    [['h\x01', 'hh'], 'hh', ['help']],
    [['ab\x01', 'x'], 'ab', ['quit']],
    [['\x01qx'], 'x', []], // another key behind Ctrl-A is swallowed
    [['\x01\x01x'], '\x01x', []],
  ])('%j gives %j', (pieces, expected, actions) => {
    const asked: string[] = [];
    const keys = new TerminalKeys({
      quit: () => asked.push('quit'),
      help: () => asked.push('help'),
    });
    const got = pieces.map((piece) => Buffer.from(keys.filter(Buffer.from(piece))).toString());
    expect([got.join(''), asked]).toEqual([expected, actions]);
  });
});
