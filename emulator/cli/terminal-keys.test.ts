import { describe, expect, it } from 'vitest';
import { TerminalKeys } from './terminal-keys.js';

describe('keys of a terminal [QEMU "Keys in the character backend multiplexer"]', () => {
  it.each([
    // typed, in pieces; what the guest gets; ended
    [['hello\r'], 'hello\r', false],
    [['\x03'], '\x03', false], // Ctrl-C is the guest's
    [['\x01\x01'], '\x01', false],
    [['a\x01', '\x01b'], 'a\x01b', false], // across two reads
    [['\x01x'], '', true],
    [['ab\x01', 'x'], 'ab', true],
    [['\x01qx'], 'x', false], // another key behind Ctrl-A is swallowed
    [['\x01\x01x'], '\x01x', false],
  ])('%j gives %j', (pieces, expected, ended) => {
    let quit = false;
    const keys = new TerminalKeys(() => (quit = true));
    const got = pieces.map((piece) => Buffer.from(keys.filter(Buffer.from(piece))).toString());
    expect([got.join(''), quit]).toEqual([expected, ended]);
  });
});
