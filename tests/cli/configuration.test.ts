/** s7x.yaml and s7x.json: which file is read, what goes before what, and what it may not say. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runRecord, s7x, sweepRecord, type Finished } from './s7x.js';
import { resultOf, withFiles } from './suite-folder.js';

/** What every run here has, so that it is short. */
const SHORT = 'functional: true\nuart: instant\n';
const MIB = 1 << 20;

function run(
  folder: string,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return s7x(['run', join(folder, 'bye.elf'), ...words], { folder, env, input: null });
}

const ramOf = (finished: Finished): number => Number(runRecord(finished).config['ramBytes']) / MIB;

describe('which file is read', () => {
  it('is the nearest upwards, and the banner names it', async () => {
    const folder = withFiles({ 's7x.yaml': `${SHORT}ram: 16M\n`, 'a/b/bye': '' });
    const below = join(folder, 'a/b');
    const finished = await s7x(['run', '../../bye.elf'], { folder: below, input: null });
    expect(finished.status).toBe(0);
    expect(ramOf(finished)).toBe(16);
    expect(finished.stderr).toContain('configuration ../../s7x.yaml');
    writeFileSync(join(folder, 'a/s7x.json'), '{\n\t"functional": true,\n\t"ram": "24M"\n}\n');
    expect(ramOf(await s7x(['run', '../../bye.elf'], { folder: below, input: null }))).toBe(24);
  });

  it('is the one of --config, or none with --no-config', async () => {
    const folder = withFiles({ 's7x.yaml': 'ram: 16M\n', 'other.yaml': `${SHORT}ram: 32M\n` });
    expect(ramOf(await run(folder, ['--config', 'other.yaml']))).toBe(32);
    expect(ramOf(await run(folder, [], { S7X_CONFIG: 'other.yaml' }))).toBe(32);
    const without = await run(folder, ['--no-config', '--functional']);
    expect(ramOf(without)).toBe(128);
    expect(without.stderr).not.toContain('configuration');
  });

  it('may be empty', async () => {
    const finished = await run(withFiles({ 's7x.yaml': '# nothing yet\n' }), ['--functional']);
    expect(finished.status).toBe(0);
  });
});

describe('what goes before what', () => {
  it('the command line, the environment, the file, the defaults', async () => {
    const folder = withFiles({ 's7x.yaml': `${SHORT}ram: 16M\nappend: file\n` });
    expect(ramOf(await run(folder))).toBe(16);
    expect(ramOf(await run(folder, [], { S7X_RAM: '24M' }))).toBe(24);
    const both = await run(folder, ['-m', '32M'], { S7X_RAM: '24M' });
    expect(ramOf(both)).toBe(32);
    expect(runRecord(both).config['append']).toBe('file');
  });

  it('an option takes the place of what says the same in another way', async () => {
    const folder = withFiles({ 's7x.yaml': 'cpu: zen1\nuart: instant\nquiet: true\n' });
    const finished = await run(folder, ['--functional', '-v']);
    expect(runRecord(finished).config['cpu']).toBe('unit');
    expect(finished.stderr).toContain('bye.elf');
    const flagInFile = withFiles({ 's7x.yaml': 'functional: true\n' });
    expect(runRecord(await run(flagInFile, ['--cpu', 'zen1'])).config['cpu']).toBe('zen1');
  });

  it('a flag that is given as false takes the place of nothing else', async () => {
    const folder = withFiles({ 's7x.yaml': 'cpu: unit\nuart: instant\n' });
    const cpuOf = (finished: Finished): unknown => runRecord(finished).config['cpu'];
    expect(cpuOf(await run(folder, ['--no-functional']))).toBe('unit');
    expect(cpuOf(await run(folder, ['--functional=false']))).toBe('unit');
    expect(cpuOf(await run(folder, [], { S7X_FUNCTIONAL: 'false' }))).toBe('unit');
  });

  it.each<[what: string, file: string, words: string[], ram: number, numa: string[]]>([
    ['nodes of memory', 'ram: 16M', ['--numa', '32M,32M'], 64, [String(32 * MIB)]],
    ['RAM', 'numa: 32M,32M', ['-m', '16M'], 16, []],
    ['RAM by its letter', 'numa: 32M,32M', ['-m16M'], 16, []],
  ])("%s of the command line takes the place of the file's", async (_, file, words, ram, numa) => {
    const finished = await run(withFiles({ 's7x.yaml': `${SHORT}${file}\n` }), words);
    expect(finished.status).toBe(0);
    expect(ramOf(finished)).toBe(ram);
    expect([...new Set(runRecord(finished).config['numa'] as string[])]).toEqual(numa);
  });

  it('what varies from row to row takes the place of what says the same in another way', async () => {
    const folder = withFiles({ 's7x.yaml': `${SHORT}ram: 8M\n` });
    const words = ['sweep', 'bye.elf', '--vary', 'cpu=zen1,unit'];
    const sweep = await s7x(words, { folder, input: null });
    expect(sweep.stderr).not.toContain('--functional');
    expect(sweepRecord(sweep).rows.map(({ result }) => result)).toEqual(['PASS', 'PASS']);
  });

  it('a list on the command line takes the place of the list of the file', async () => {
    const folder = withFiles({ 's7x.yaml': `${SHORT}record: [a=/x/, b=/y/]\n` });
    expect(runRecord(await run(folder)).config['record']).toEqual(['a=/x/', 'b=/y/']);
    const given = await run(folder, ['--record', 'c=/z/']);
    expect(runRecord(given).config['record']).toEqual(['c=/z/']);
  });
});

describe('machines', () => {
  const machines = `${SHORT}ram: 16M\nfill: 0xcc\nmachines:\n  big: { ram: 1G, cpu: zen1 }\n  small: { ram: 8M }\n`;

  it('are chosen by --machine, by S7X_MACHINE or by the file, and go before the rest of it', async () => {
    const folder = withFiles({ 's7x.yaml': machines });
    const big = await run(folder, ['--machine', 'big']);
    expect(ramOf(big)).toBe(1024);
    expect(runRecord(big).config).toMatchObject({ cpu: 'zen1', fill: '0xcccccccccccccccc' });
    expect(big.stderr).toContain('configuration s7x.yaml, machine big');
    expect(ramOf(await run(folder, [], { S7X_MACHINE: 'small' }))).toBe(8);
    expect(ramOf(await run(folder, ['--machine', 'small', '-m', '12M']))).toBe(12);
    writeFileSync(join(folder, 's7x.yaml'), `machine: small\n${machines}`);
    expect(ramOf(await run(folder))).toBe(8);
  });

  it('that nobody names are refused', async () => {
    const folder = withFiles({ 's7x.yaml': machines, 'none/x': '' });
    const unknown = await run(folder, ['--machine', 'bog']);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toBe(
      "s7x: --machine bog: s7x.yaml names no such machine (there are: big, small); did you mean 'big'?\n",
    );
    const without = await run(folder, ['--machine', 'big', '--no-config']);
    expect(without.status).toBe(2);
    expect(without.stderr).toMatch(/^s7x: --machine big: .* --no-config reads none\n$/);
  });
});

describe('the commands', () => {
  it('take what they have, and leave the rest aside', async () => {
    const folder = withFiles({
      's7x.yaml': `${SHORT}ram: 8M..16M\ninput: echo.elf\njobs: 1\ncsv: table.csv\njson: true\n`,
      'a.boot.yaml': 'image: bye.elf\nram: 8M\n',
    });
    const sweep = await s7x(['sweep', 'bye.elf'], { folder, input: null });
    expect(sweep.status).toBe(0);
    expect(JSON.parse(sweep.stdout)).toMatchObject({ rows: [{}, {}] });
    expect(sweep.stderr).toContain('configuration s7x.yaml');
    const again = await s7x(['run', 'bye.elf', '-m', '8M', '--no-json'], { folder, input: null });
    expect(again.status).toBe(0);
    const replay = await s7x(['replay'], { folder, input: null });
    expect(replay.status).toBe(0);
    expect(JSON.parse(replay.stdout)).toMatchObject({ outcome: { kind: 'power-off' } });
    const report = await s7x(['report'], { folder, input: null });
    expect(report.stdout).toMatch(/^(?!\{)/);
  });

  it('paths are from the folder of the file', async () => {
    const folder = withFiles({
      'machine/s7x.yaml': `${SHORT}memmap: map.json\nload: ['blob.bin@0x200000']\nout: results\nvary: ['memmap=map.json,pc']\nserial: ['file:com1.txt']\n`,
      'machine/map.json': JSON.stringify({
        name: 'm',
        entries: [
          { base: '0x0', size: '0x9fc00', type: 'usable' },
          { base: '0x100000', size: '0x700000', type: 'usable' },
        ],
      }),
      'machine/blob.bin': 'blob',
    });
    const config = ['--config', 'machine/s7x.yaml'];
    const finished = await s7x(['run', 'bye.elf', ...config], { folder, input: null });
    expect(finished.stderr).toContain('machine/results');
    const { config: ran } = runRecord(finished, 'machine/results');
    expect(ran).toMatchObject({ memmap: 'machine/map.json', load: ['machine/blob.bin@0x200000'] });
    const sweep = await s7x(['sweep', 'bye.elf', ...config], { folder, input: null });
    expect(sweep.status).toBe(0);
    const { rows } = sweepRecord(sweep, 'machine/results');
    expect(rows.map(({ key }) => key['memmap'])).toEqual(['machine/map.json', 'pc']);
  });
});

describe('suites', () => {
  it("take what they do not say themselves: their own keys go before the file's", async () => {
    const folder = withFiles({
      's7x.yaml': `${SHORT}ram: 16M\nappend: file\nmachines: { big: { ram: 1G } }\n`,
      'suites/own.boot.yaml': 'image: ../bye.elf\nram: 8M\ncpu: zen1\n',
      'suites/other.boot.yaml': 'image: ../bye.elf\nappend: suite\n',
    });
    const configOf = (finished: Finished, row: string): Record<string, unknown> =>
      runRecord(finished, `s7x-test/runs/${row}`).config;
    const finished = await s7x(['test'], { folder, input: null });
    expect(resultOf(finished).cases.map(({ result }) => result)).toEqual(['PASS', 'PASS']);
    expect(configOf(finished, '0000-other')).toMatchObject({
      ramBytes: String(16 * MIB),
      append: 'suite',
      cpu: 'unit',
    });
    expect(configOf(finished, '0001-own')).toMatchObject({
      ramBytes: String(8 * MIB),
      append: 'file',
      cpu: 'zen1',
    });
    const big = await s7x(['test', '--machine', 'big', '-t', 'other'], { folder, input: null });
    expect(configOf(big, '0000-other')['ramBytes']).toBe(String(1024 * MIB));
  });

  it('nodes of memory of a suite take the place of RAM of the file, and RAM that of nodes', async () => {
    const folder = withFiles({
      'a/s7x.yaml': `${SHORT}ram: 16M\n`,
      'b/s7x.yaml': `${SHORT}numa: 32M,32M\n`,
      'numa.boot.yaml': 'image: bye.elf\nnuma: 8M,8M,8M\n',
      'ram.boot.yaml': 'image: bye.elf\nram: 8M\n',
    });
    const cases = [
      ['numa', 'a/s7x.yaml', 24],
      ['ram', 'b/s7x.yaml', 8],
    ] as const;
    for (const [suite, config, ram] of cases) {
      const words = ['test', `${suite}.boot.yaml`, '--config', config];
      const finished = await s7x(words, { folder, input: null });
      expect(finished.status).toBe(0);
      const record = runRecord(finished, `s7x-test/runs/0000-${suite}`);
      expect(Number(record.config['ramBytes']) / MIB).toBe(ram);
    }
  });

  it("a file of the configuration is from the configuration's folder, one of the suite from the suite's", async () => {
    const folder = withFiles({
      's7x.yaml': `${SHORT}boot: pvh\ninitrd: module.txt\n`,
      'module.txt': 'a',
      'suites/a.boot.yaml': 'image: ../bye.elf\n',
    });
    const finished = await s7x(['test'], { folder, input: null });
    expect(finished.status).toBe(0);
    expect(runRecord(finished, 's7x-test/runs/0000-a').config['modules']).toEqual(['module.txt']);
  });
});

describe('a file that cannot be used', () => {
  it.each<[what: string, text: string, status: number, sentence: string]>([
    ['an unknown key', '\nrma: 8M', 2, "s7x.yaml:2:1: there is no key rma; did you mean 'ram'?"],
    ['a letter', 'm: 8M', 2, "s7x.yaml:1:1: there is no key m; did you mean 'ram'?"],
    [
      'an option of a command that reads none',
      'flame: a.svg',
      2,
      's7x.yaml:1:1: there is no key flame: it is an option of commands that read no configuration',
    ],
    [
      'a value that is none of the choices',
      'uart: fast',
      2,
      's7x.yaml:1:7: uart: there is real and instant, not fast',
    ],
    [
      'a text for a flag',
      'functional: yes',
      2,
      's7x.yaml:1:13: functional: this is true or false, not a text',
    ],
    [
      'a flag for a text',
      'ram: true',
      2,
      's7x.yaml:1:6: ram: this is a text or a number, not a truth value; a text is put in quotes',
    ],
    [
      'a list for a text',
      'ram: [8M]',
      2,
      's7x.yaml:1:6: ram: this is a text or a number, not a list of this kind',
    ],
    [
      'a key that is there twice',
      'ram: 8M\nram: 9M',
      2,
      's7x.yaml:2:1: the key ram is there twice',
    ],
    ['a list', '- ram', 2, 's7x.yaml:1:1: a configuration is keys with values'],
    [
      'a key of a machine that is not its',
      'machines:\n  a: { out: x }',
      2,
      's7x.yaml:2:8: the machine a has no key out: it says nothing of a machine, and stands outside',
    ],
    [
      'an unknown key of a machine',
      'machines:\n  a: { memap: pc }',
      2,
      "s7x.yaml:2:8: the machine a has no key memap; did you mean 'memmap'?",
    ],
    ['a key of all objects', 'constructor: a', 2, 's7x.yaml:1:1: there is no key constructor'],
    [
      'a value that an option refuses',
      'append: x\nram: 8Q',
      2,
      "--ram 8Q: size '8Q' has the unknown unit 'Q'; write for example 8M, 8MiB, 1.5G or 4096B (s7x.yaml:2)",
    ],
    [
      'a file that is not there',
      'initrd: none.img',
      10,
      'module none.img cannot be read: no such file or directory (s7x.yaml:1)',
    ],
  ])('%s', async (_, text, status, sentence) => {
    const finished = await run(withFiles({ 's7x.yaml': text }));
    expect(finished.stderr).toBe(`s7x: ${sentence}\n`);
    expect(finished.status).toBe(status);
  });

  it('one that is not there, or two in one folder', async () => {
    const folder = withFiles({ 's7x.yaml': '', 's7x.json': '{}' });
    const two = await run(folder);
    expect(two.status).toBe(2);
    expect(two.stderr).toMatch(/^s7x: s7x\.yaml and s7x\.json are both in this folder/);
    const none = await run(folder, ['--config', 'none.yaml']);
    expect(none.status).toBe(10);
    expect(none.stderr).toBe(
      's7x: configuration none.yaml cannot be read: no such file or directory\n',
    );
  });

  it('hinders no help, and no command that reads none', async () => {
    const folder = withFiles({ 's7x.yaml': 'rma: 8M' });
    mkdirSync(join(folder, 'x'));
    expect((await s7x(['run', '--help'], { folder })).status).toBe(0);
    expect((await s7x(['memmap', '-m', '8M'], { folder })).status).toBe(0);
  });

  it.each<[what: string, text: string, words: string[], sentence: string]>([
    [
      'a text that stands in the sentence is not to blame',
      'append: read\n',
      ['--initrd', 'none.img'],
      'module none.img cannot be read: no such file or directory',
    ],
    [
      'the file with the longer name is',
      'append: img\ndisk: none.img\ninitrd: none.img.gz\n',
      [],
      'module none.img.gz cannot be read: no such file or directory (s7x.yaml:3)',
    ],
  ])('%s', async (_, text, words, sentence) => {
    const finished = await run(withFiles({ 's7x.yaml': text }), words);
    expect(finished.stderr).toBe(`s7x: ${sentence}\n`);
  });

  it('an error about what a sweep varies does not name the file', async () => {
    const folder = withFiles({ 's7x.yaml': 'cpu: unit\nram: 8M\n' });
    const sweep = await s7x(['sweep', 'bye.elf', '--vary', 'cpu=none'], { folder, input: null });
    expect(sweep.status).toBe(2);
    expect(sweep.stderr).toMatch(/none/);
    expect(sweep.stderr).not.toContain('s7x.yaml');
  });

  it('an error about what the command line says does not name the file', async () => {
    const finished = await run(withFiles({ 's7x.yaml': 'ram: 8M' }), ['-m', '8Q']);
    expect(finished.stderr).not.toContain('s7x.yaml');
  });
});
