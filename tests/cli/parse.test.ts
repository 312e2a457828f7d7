/** `--parse`: tests that the guest runs are part of the result of `run`, `replay`, `sweep` and `test`. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GuestTests } from '../../emulator/cli/guest-tests/guest-tests.js';
import { guestOf } from '../guests/guest.js';
import { runRecord, s7x, sweepRecord } from './s7x.js';
import { resultOf, withFiles } from './suite-folder.js';

/** A guest that says these lines and does something. */
function says(lines: readonly string[], then = 'jmp power_off'): string {
  const text = lines.map((line) => `"${line}", 10, `).join('');
  return guestOf(`call com1_init\nmov esi, text\ncall puts\n${then}\ntext: db ${text}0`);
}

const GOOD = ['KTAP version 1', '1..2', 'ok 1 first', 'ok 2 second # SKIP no device'];
const BAD = ['KTAP version 1', '1..2', 'ok 1 first', '# 4 is not 5', 'not ok 2 second'];
const FAST = ['--cpu', 'unit', '--uart', 'instant', '-m', '8M'];

describe('s7x run --parse', () => {
  it('passes with tests that do, which are in run.json, in JUnit and in TAP', async () => {
    const outputs = ['--junit', 'j.xml', '--tap', 't.tap', '--log-format', 'pretty'];
    const words = ['run', says(GOOD), ...FAST, '--parse', 'ktap', ...outputs];
    const run = await s7x(words, { input: null });
    expect(run.status).toBe(0);
    expect(runRecord(run).parsed).toEqual({
      format: 'ktap',
      subtests: [
        { name: 'first', result: 'pass', details: [], line: 3 },
        { name: 'second', result: 'skip', details: ['no device'], line: 4 },
      ],
      problems: [],
    });
    expect(run.stderr).toContain('s7x: ktap: 2 subtests: 1 pass, 1 skipped\n');
    const xml = readFileSync(join(run.folder, 'j.xml'), 'utf8');
    expect(xml).toContain('tests="3" failures="0" errors="0" skipped="1"');
    expect(xml).toMatch(/cpu unit: second" time="0\.0+">\n<skipped message="no device"\/>/);
    const tap = readFileSync(join(run.folder, 't.tap'), 'utf8');
    expect(tap).toMatch(
      /^TAP version 14\n1\.\.1\n {4}# Subtest: ram 8 MiB, .*\n {4}1\.\.2\n {4}ok 1 - first\n {4}ok 2 - second # SKIP no device\nok 1 - ram 8 MiB/,
    );
  });

  it('fails with one that does, and a replay is the same', async () => {
    const outputs = ['--junit', 'j.xml', '--tap', 't.tap', '--log-format', 'pretty'];
    const run = await s7x(['run', says(BAD), ...FAST, '--parse', 'auto', ...outputs]);
    expect(run.status).toBe(4);
    const { outcome, config } = runRecord(run);
    expect(config['parse']).toBe('auto');
    expect(outcome).toMatchObject({
      kind: 'power-off',
      code: 4,
      detail: 'the guest switched the machine off; 2 subtests: 1 pass, 1 fail; second fails',
    });
    expect(run.stderr).toContain('s7x: fail second: 4 is not 5\n');
    const xml = readFileSync(join(run.folder, 'j.xml'), 'utf8');
    expect(xml).toContain('<failure message="4 is not 5">4 is not 5</failure>');
    expect(xml).toContain('tests="3" failures="2"');
    // What s7x writes, it reads.
    const tests = new GuestTests('tap');
    for (const byte of readFileSync(join(run.folder, 't.tap'))) tests.take(byte);
    const { subtests, problems } = tests.end();
    expect(subtests.map(({ name, result }) => [name.split(' / ').at(-1), result])).toEqual([
      ['first', 'pass'],
      ['second', 'fail'],
    ]);
    expect(problems).toEqual([]);
    const report = await s7x(['report'], { folder: run.folder, input: null });
    expect(report.stdout).toContain(
      '\nktap: 2 subtests: 1 pass, 1 fail\nfail second: 4 is not 5\n',
    );
    const replay = await s7x(['replay'], { folder: run.folder, input: null });
    expect(replay.status).toBe(0);
    expect(runRecord(replay, '.s7x/replay').parsed).toEqual(runRecord(run).parsed);
  });

  it.each<[what: string, lines: string[], then: string, status: number, detail: RegExp]>([
    [
      'a plan that does not add up',
      GOOD.slice(0, 3),
      'jmp power_off',
      4,
      /; test 2 has no result$/,
    ],
    ['no tests at all', ['hello'], 'jmp power_off', 4, /; COM1 has shown no results of tests/],
    [
      'an exit that says that all is well',
      BAD,
      'mov al, 0\nmov dx, 0xf4\nout dx, al',
      4,
      /second fails$/,
    ],
    ['a crash, which is one', GOOD.slice(0, 3), 'ud2', 6, /^(?!.*subtest)/],
    ['a hang, which is one', BAD, 'cli\nhlt', 8, /^(?!.*subtest)/],
  ])('%s', async (_, lines, then, status, detail) => {
    const run = await s7x(['run', says(lines, then), ...FAST, '--parse', 'auto'], { input: null });
    expect(run.status).toBe(status);
    expect(runRecord(run).outcome.detail).toMatch(detail);
  });

  it('a crash leaves the test without a result that was under way', async () => {
    const run = await s7x(['run', says(GOOD.slice(0, 3), 'ud2'), ...FAST, '--parse', 'ktap']);
    expect(runRecord(run).parsed).toMatchObject({
      subtests: [{ name: 'first' }, { name: 'test 2', result: 'unfinished', line: null }],
      problems: ['planned 2 tests, 1 came'],
    });
  });

  it('has the limit of 10 s of a run that waits for something', async () => {
    const run = await s7x(['run', says(GOOD), ...FAST, '--parse', 'ktap'], { input: null });
    expect(runRecord(run).config['timeoutNs']).toBe(10e9);
  });

  it('refuses a format that there is not', async () => {
    const run = await s7x(['run', '--parse', 'xunit'], { input: null });
    expect([run.status, run.stderr]).toEqual([
      2,
      's7x: --parse xunit: there is ktap, tap, kvm-unit-tests, auto\n',
    ]);
  });

  it('counts from the snapshot on that a run goes on from', async () => {
    const save = ['--save-at', 'serial:version=a.snap', '--until', 'serial:version'];
    const first = await s7x(['run', says(['x version', ...GOOD]), ...FAST, ...save]);
    expect(first.status).toBe(0);
    const words = ['run', 'a.snap', '--parse', 'ktap', '--no-input'];
    const next = await s7x(words, { folder: first.folder, input: null });
    expect([next.status, runRecord(next).parsed?.subtests.length]).toEqual([0, 2]);
  });
});

describe('rows and cases', () => {
  it('of a sweep have the tests of their guests', async () => {
    const words = ['sweep', says(BAD), '--ram', '8M,16M', '--parse', 'ktap', '--uart', 'instant'];
    const sweep = await s7x([...words, '--cpu', 'unit', '--junit', 'j.xml'], { input: null });
    expect(sweep.status).toBe(4);
    expect(sweep.stdout).toContain('2 subtests: 1 pass, 1 fail; second fails');
    const { rows } = sweepRecord(sweep);
    expect(rows.map(({ parsed }) => parsed?.subtests.map(({ result }) => result))).toEqual([
      ['pass', 'fail'],
      ['pass', 'fail'],
    ]);
    const xml = readFileSync(join(sweep.folder, 'j.xml'), 'utf8');
    expect(xml).toContain('tests="6" failures="4"');
    expect(xml).toContain('name="ram 16 MiB: second"');
  });

  it('of a suite, too', async () => {
    const folder = withFiles({
      'a.boot.yaml': 'image: bad.elf\ncpu: unit\nparse: ktap\nram: 8M\nkeep-going: true\n',
      'b.boot.yaml': 'image: bad.elf\nparse: tapp\n',
    });
    copyFileSync(says(BAD), join(folder, 'bad.elf'));
    const words = ['test', 'a.boot.yaml', '--tap', 't.tap'];
    const finished = await s7x(words, { folder, input: null });
    expect(finished.status).toBe(4);
    expect(resultOf(finished).cases[0]?.parsed?.subtests).toHaveLength(2);
    expect(readFileSync(join(folder, 't.tap'), 'utf8')).toContain('    not ok 2 - second\n');
    const bad = await s7x(['test', 'b.boot.yaml'], { folder, input: null });
    expect(bad.stderr).toBe(
      's7x: b.boot.yaml:2:8: parse: there is ktap and tap and kvm-unit-tests and auto, not tapp\n',
    );
    expect(existsSync(join(folder, 's7x-test/runs/0001-b'))).toBe(false);
  });
});
