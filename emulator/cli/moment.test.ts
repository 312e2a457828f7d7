/** The grammar is that of docs/cli.md, "Grammars". */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { SymbolTable } from '../machine/symbols.js';
import { machineMoment, parseMoment } from './moment.js';

describe('parseMoment', () => {
  it.each([
    ['120ms', { kind: 'time', ns: 120_000_000 }],
    ['3.5s', { kind: 'time', ns: 3_500_000_000 }],
    ['1.2Gcyc', { kind: 'cycle', cycle: 1_200_000_000 }],
    ['17cyc', { kind: 'cycle', cycle: 17 }],
    ['5Minsn', { kind: 'instruction', count: 5_000_000 }],
    ['sym:kmain', { kind: 'symbol', name: 'kmain', pass: 1 }],
    ['sym:kmain#2', { kind: 'symbol', name: 'kmain', pass: 2 }],
    ['sym:pages/take', { kind: 'symbol', name: 'pages/take', pass: 1 }],
    ['0x1000f0', { kind: 'address', address: 0x1000f0n, pass: 1 }],
    ['0xFFFFFFFF80000000#30', { kind: 'address', address: 0xffff_ffff_8000_0000n, pass: 30 }],
    ['serial:/login:/', { kind: 'serial', pattern: '/login:/' }],
    ['serial:ready', { kind: 'serial', pattern: 'ready' }],
    ['expect:2', { kind: 'expect', matches: 2 }],
    ['end', { kind: 'end' }],
  ])('%s', (text, moment) => {
    expect(parseMoment(text, '--until', 2)).toEqual({ ...moment, text });
  });

  it.each([
    ['5', /not a moment, such as/],
    ['later', /not a moment/],
    ['sym:', /not a moment/],
    ['sym:kmain#0', /must be more than 0/],
    ['0x1', null],
    ['0x10000000000000000', /64 bits/],
    ['3.5insn', /not a whole number/],
    ['0cyc', /must be more than 0/],
    ['serial:', /empty/],
    ['serial:/(/', /Unterminated group/],
    ['expect:3', /there are 2 expectations/],
    ['0ms', /must be more than 0/],
  ])('%s: %s', (text, sentence) => {
    const parse = (): unknown => parseMoment(text, '--until', 2);
    if (sentence === null) return expect(parse).not.toThrow();
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(sentence);
    expect(parse).toThrow(/^--until /);
  });
});

describe('machineMoment', () => {
  const symbol = (name: string, address: bigint) => ({ name, address, sizeBytes: 4n });
  const symbols = new SymbolTable([
    symbol('init', 0x1000n),
    symbol('kmain', 0x2000n),
    symbol('init', 0x3000n),
  ]);
  const at = (text: string) =>
    machineMoment(parseMoment(text, '--until', 1), '--until', symbols, 3e9);

  it('counts time in cycles of the core clock, up', () => {
    expect(at('10ms')).toEqual({ kind: 'cycle', cycle: 30_000_000 });
    expect(at('1ns')).toEqual({ kind: 'cycle', cycle: 3 });
  });

  it('finds functions, and refuses names of none and of several', () => {
    expect(at('sym:kmain#3')).toEqual({ kind: 'address', address: 0x2000n, pass: 3 });
    expect(() => at('sym:main')).toThrow(/^--until sym:main: the image names no function main$/);
    expect(() => at('sym:init')).toThrow(/2 functions have this name.*0x1000, 0x3000/);
  });

  it.each(['serial:x', 'expect:1', 'end'])('%s is nothing that the machine tells', (text) => {
    expect(at(text)).toBeNull();
  });
});
