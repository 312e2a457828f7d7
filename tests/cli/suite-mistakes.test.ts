/** `s7x test` with suites that cannot be used: one sentence with file, line and column. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { s7x } from './s7x.js';
import { withFiles } from './suite-folder.js';

describe('a suite that cannot be used', () => {
  const TENS = [
    'append',
    'fill',
    'max-insns',
    'max-cycles',
    'expect-exit',
    'entry',
    'boot',
    'numa',
    'cpu',
  ];
  it.each<[what: string, text: string | Buffer, status: number, sentence: string | RegExp]>([
    ['empty', '', 2, 'a.boot.yaml: the suite is empty'],
    ['a list', '- a', 2, 'a.boot.yaml:1:1: a suite is keys with values'],
    ['two documents', 'name: a\n---\nname: b', 2, /^a\.boot\.yaml:2:1: .*multiple documents/],
    ['not UTF-8', Buffer.from([0x61, 0xff]), 2, 'a.boot.yaml: not UTF-8'],
    ['too long', ' '.repeat(2 ** 20 + 1), 2, 'a.boot.yaml: a suite has at most 1048576 bytes'],
    [
      'a file that is not there, behind a value that is part of a word of the sentence',
      'append: nno\nimage: missing.elf',
      10,
      /^a\.boot\.yaml:2:8: .*missing\.elf cannot be read/,
    ],
    [
      'the same in a matrix',
      'matrix: { append: [miss, nno], initrd: missing.elf }',
      10,
      /^a\.boot\.yaml:1:40: .*missing\.elf cannot be read/,
    ],
    [
      'an unknown key',
      'name: a\nimag: k',
      2,
      "a.boot.yaml:2:1: there is no key imag; did you mean 'image'?",
    ],
    ['an unknown step', 'steps:\n  - wiat: x', 2, /^a\.boot\.yaml:2:5: one of wait, .* is missing/],
    [
      'two steps in one',
      'steps:\n- wait: a\n  send: b',
      2,
      /^a\.boot\.yaml:2:3: wait and send are two steps/,
    ],
    [
      'within of a send',
      'steps: [{ send: a, within: 1s }]',
      2,
      /^a\.boot\.yaml:1:20: there is no key within/,
    ],
    ['a key of all objects', 'constructor: a', 2, 'a.boot.yaml:1:1: there is no key constructor'],
    [
      'a key that is there twice',
      'name: a\nname: b',
      2,
      'a.boot.yaml:2:1: the key name is there twice',
    ],
    [
      'a list for a text',
      'image: [a]',
      2,
      'a.boot.yaml:1:8: image: this is a text or a number, not a list',
    ],
    [
      'a flag for a text',
      'append: true',
      2,
      /^a\.boot\.yaml:1:9: append: .* not true; a text is put in quotes/,
    ],
    [
      'nothing for a text',
      'image:',
      2,
      'a.boot.yaml:1:7: image: this is a text or a number; here is nothing',
    ],
    [
      'expect',
      'expect: a',
      2,
      'a.boot.yaml:1:1: there is no key expect: what COM1 must show are the steps (wait)',
    ],
    [
      'no expression',
      "steps:\n- wait: '/(/'",
      2,
      /^a\.boot\.yaml:2:9: wait \/\(\/: Invalid regular expression/,
    ],
    ['a colon', 'steps:\n- wait: free: 3', 2, /^a\.boot\.yaml:2:9: .*put in quotes/],
    ['a bad set', 'never: ["@lunix"]', 2, /^a\.boot\.yaml:1:9: --fail @lunix: no such set/],
    ['a bad time', 'steps: [{ delay: 5 }]', 2, /^a\.boot\.yaml:1:18: delay 5: not a duration/],
    ['a bad size', 'image: bye.elf\nram: 8Q', 2, /^a\.boot\.yaml:2:6: --ram 8Q: /],
    [
      'a bad value of a matrix',
      'matrix: { cpu: [unit, z80] }',
      2,
      /^a\.boot\.yaml:1:23: --cpu z80: /,
    ],
    [
      'a missing image',
      'image: gone.elf',
      10,
      'a.boot.yaml:1:8: image gone.elf cannot be read: no such file or directory',
    ],
    ['a missing map', 'memmap: gone', 10, /^a\.boot\.yaml:1:9: cannot read the memory map gone/],
    ['an empty matrix', 'matrix: { fill: [] }', 2, 'a.boot.yaml:1:17: fill: there is no value'],
    [
      'equal cases',
      'matrix: { fill: [1, 1] }',
      2,
      'a.boot.yaml:1:9: the case a: fill 1 is there twice',
    ],
    [
      '10^9 cases',
      `matrix:\n${TENS.map((key) => `  ${key}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n`).join('')}`,
      2,
      'a.boot.yaml:2:3: matrix: more than 100000 cases',
    ],
    [
      'aliases',
      'name: &a [x]\nimage: *a',
      2,
      'a.boot.yaml:1:10: anchors (&a) are not understood here',
    ],
    ['many lists in lists', `steps: ${'['.repeat(100_000)}`, 2, /nested too deeply$/],
    ['a tag', 'name: !!binary YQ==', 2, /^a\.boot\.yaml:1:16: tags/],
    [
      'a group that no step has',
      'record: { a: free }',
      2,
      /^a\.boot\.yaml:1:14: a: no step waits for a group \(\?<free>/,
    ],
    ['a golden log of nothing that varies', 'golden: "{ram}"', 2, /the matrix has no ram$/],
  ])('%s', async (_, text, status, sentence) => {
    const folder = withFiles({});
    writeFileSync(join(folder, 'a.boot.yaml'), text);
    const run = await s7x(['test', 'a.boot.yaml'], { folder });
    expect(run.stderr.trim().split('\n')).toHaveLength(1);
    const said = run.stderr.trim().replace(/^s7x: /, '');
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
    expect([run.status, run.stdout]).toEqual([status, '']);
  });

  it('of two with the same name the second is named', async () => {
    const folder = withFiles({ 'a.boot.yaml': 'name: x\n', 'b.boot.yaml': 'ram: 8M\nname: x\n' });
    const run = await s7x(['test'], { folder });
    expect([run.status, run.stderr]).toEqual([
      2,
      's7x: b.boot.yaml:2:7: the suite a.boot.yaml has the same name, x: give each its own (name)\n',
    ]);
  });

  it.runIf(process.platform === 'linux')('a folder that cannot be made in /proc', async () => {
    const run = await s7x(['test', '-o', '/proc/x/y'], {
      folder: withFiles({ 'a.boot.yaml': 'cpu: unit' }),
    });
    expect([run.status, run.stderr]).toEqual([
      10,
      's7x: output folder /proc/x/y cannot be made: no such file or directory\n',
    ]);
  });

  it.each([
    [[], 2, 'no suite: no file fits **/*.boot.yaml'],
    [['gone.boot.yaml'], 10, 'suite gone.boot.yaml cannot be read: no such file or directory'],
    [['*.yml'], 2, 'no suite: no file fits *.yml'],
    [['.'], 2, '.: no file in this folder ends in .boot.yaml'],
    [['-t', '('], 2, '--name /(/: Invalid regular expression: /(/: Unterminated group'],
  ])('no suite: %j', async (words, status, sentence) => {
    const folder = withFiles(words.includes('-t') ? { 'a.boot.yaml': 'name: a\n' } : {});
    const run = await s7x(['test', ...words], { folder });
    expect([run.status, run.stderr]).toEqual([status, `s7x: ${sentence}\n`]);
  });
});
