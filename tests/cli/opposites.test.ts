/** `--no-OPTION`: which options have an opposite; and words behind `--`. */
import { describe, expect, it } from 'vitest';
import { s7x } from './s7x.js';
import { withFiles } from './suite-folder.js';

const LISTS = ['trace', 'save-at', 'serial', 'expect', 'fail', 'record', 'module', 'load', 'debug'];
const TEXTS = ['ram', 'cast', 'out', 'append', 'timeout', 'uart', 'verbose', 'junit', 'log-level'];

describe('an option that is no flag has none', () => {
  const folder = withFiles({});
  it.each([
    ...[...LISTS, ...TEXTS].map((name) => ['run', name]),
    ['sweep', 'vary'],
    ['sweep', 'merge'],
    ['sweep', 'json'],
    ['test', 'name'],
    ['replay', 'until'],
    ['report', 'flame'],
    ['memmap', 'memmap-add'],
  ])('%s --no-%s', async (command, name) => {
    const finished = await s7x([command ?? '', `--no-${name}`], { folder, input: null });
    expect(finished.stderr).toBe(
      `s7x: --no-${name}: --${name} is no flag and has no opposite; without it, it has its default\n`,
    );
    expect([finished.status, finished.stdout]).toEqual([2, '']);
  });

  it('in camel case either', async () => {
    const finished = await s7x(['run', '--no-saveAt'], { folder, input: null });
    expect(finished.stderr).toMatch(/^s7x: --no-saveAt: --save-at is no flag/);
  });
});

describe('there is one of', () => {
  it('flags, the input, the configuration and its machine', async () => {
    const folder = withFiles({
      's7x.yaml': 'functional: true\nuart: instant\nmachine: big\nmachines: { big: { ram: 1G } }\n',
    });
    const words = ['run', 'bye.elf', '--no-input', '--no-machine', '--no-keep-going', '--no-json'];
    expect((await s7x(words, { folder, input: null })).status).toBe(0);
    const none = await s7x(['run', 'bye.elf', '--no-config', '--cpu', 'unit'], { folder });
    expect(none.status).toBe(0);
  });
});

describe('a flag takes no value but true and false', () => {
  it.each([
    ['run', 'color=never', 'color'],
    ['run', 'profile=x.folded', 'profile'],
    ['sweep', 'keepGoing=1', 'keep-going'],
    ['replay', 'coverage=', 'coverage'],
  ])('%s --%s', async (command, written, name) => {
    const finished = await s7x([command, `--${written}`], { folder: withFiles({}), input: null });
    expect([finished.status, finished.stderr]).toEqual([
      2,
      `s7x: --${written}: --${name} is a flag and takes no value: --${name} or --no-${name}\n`,
    ]);
  });

  it('by its letter either', async () => {
    const finished = await s7x(['run', '-s=1234'], { folder: withFiles({}), input: null });
    const sentence = 's7x: -s=1234: -s is a flag and takes no value\n';
    expect([finished.status, finished.stderr]).toEqual([2, sentence]);
  });

  it('and those are taken', async () => {
    const words = ['run', 'bye.elf', '--functional=true', '--color=false'];
    expect((await s7x(words, { folder: withFiles({}), input: null })).status).toBe(0);
  });
});

it.each(['run', 'sweep', 'replay'])('%s takes no words behind --', async (command) => {
  const folder = withFiles({});
  const finished = await s7x([command, '--', 'bye.elf', '-v'], { folder, input: null });
  expect([finished.status, finished.stderr]).toEqual([
    2,
    's7x: -- bye.elf -v: no command takes words behind --; name files before\n',
  ]);
});
