import yargs from 'yargs';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, HostError } from '../../base/errors.js';
import { parseDmesg } from '../../memory/dmesg-format.js';
import { parseJsonMap } from '../../memory/json-format.js';
import { zooMap, zooNames } from '../../memory/zoo.js';
import { hostMapInput } from '../memmap-source.js';
import { memmapCommand } from './memmap.js';

interface Outcome {
  readonly stdout: string;
  readonly notes: string[];
  readonly status: number | undefined;
}

/** Runs a command line through yargs as `main` does; `files` is the disk, `-` in it standard input. */
async function run(
  words: string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  let stdout = '';
  let status: number | undefined;
  const notes: string[] = [];
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new HostError(`cannot read ${path}`);
    return text;
  };
  const command = memmapCommand({
    input: { readFile: read, readStandardInput: () => read('-') },
    write: (text) => (stdout += text),
    note: (sentence) => notes.push(sentence),
    setExitStatus: (value) => (status = value),
  });
  await yargs(['memmap', ...words])
    .parserConfiguration({
      'parse-numbers': false,
      'dot-notation': false,
      'greedy-arrays': false,
    })
    .command(command)
    .strict()
    .exitProcess(false)
    .fail((message: string, error: unknown) => {
      throw error instanceof Error ? error : new Error(message);
    })
    .parseAsync();
  return { stdout, notes, status };
}

const DMESG =
  'x\nBIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n' +
  'BIOS-e820: [mem 0x0000000000100000-0x0000000007ffffff] usable\n';

describe('s7x memmap', () => {
  it('prints the map pc of 128 MiB in the form of dmesg when nothing is asked', async () => {
    const { stdout, notes, status } = await run([]);
    expect(stdout).toContain('BIOS-e820: [mem 0x0000000000100000-0x0000000007ffffff] usable\n');
    expect({ notes, status }).toEqual({ notes: [], status: 0 });
  });

  it('takes the amount of RAM from -m', async () => {
    const { stdout } = await run(['-m', '4G']);
    expect(stdout).toContain('[mem 0x0000000100000000-0x000000013fffffff] usable');
  });

  it('says which RAM no address reaches at 4 PiB', async () => {
    const { notes } = await run(['-m', '4P']);
    expect(notes).toEqual(['1 GiB of RAM lie above 2^52, where no address reaches them']);
  });

  it('converts a log on standard input to JSON, alone on standard output', async () => {
    const { stdout, status } = await run(['-', '--json'], { '-': `${DMESG}BIOS-e820: [mem 0x1` });
    expect(parseJsonMap(stdout, 'x').entries).toEqual(parseDmesg(DMESG, 'x').map.entries);
    expect(status).toBe(0);
  });

  it('reports unusable lines by number, also when it only converts', async () => {
    const { notes } = await run(['-', '--json'], { '-': `${DMESG}BIOS-e820: [mem 0x1` });
    expect(notes).toEqual([
      "warning: standard input, line 4 is not used: no address range in '[mem 0x1': BIOS-e820: [mem 0x1",
    ]);
  });

  it('reads a file: JSON, a log, or memmap= words', async () => {
    const json = '{"entries":[{"base":"0x100000","size":"0x100000","type":"usable"}]}';
    const files = { 'a.json': json, 'b.txt': DMESG, 'c.txt': 'memmap=1M@1M quiet' };
    const line = 'BIOS-e820: [mem 0x0000000000100000-0x00000000001fffff] usable\n';
    expect((await run(['a.json'], files)).stdout).toContain(line);
    expect((await run(['b.txt'], files)).stdout).toContain('0x0000000007ffffff] usable');
    expect((await run(['c.txt'], files)).stdout).toContain(line);
  });

  it('writes --linux and --c', async () => {
    expect((await run(['b.txt', '--linux'], { 'b.txt': DMESG })).stdout).toBe(
      'memmap=exactmap memmap=0x9fc00@0x0 memmap=0x7f00000@0x100000\n',
    );
    expect((await run(['b.txt', '--c'], { 'b.txt': DMESG })).stdout).toContain(
      '  { 0x0000000000100000ull, 0x0000000007f00000ull, 1u, 1u }, /* usable */\n',
    );
  });

  it('writes --multiboot, and notes what it leaves out', async () => {
    expect((await run(['b.txt', '--multiboot'], { 'b.txt': DMESG })).stdout).toBe(
      '14 00 00 00 00 00 00 00 00 00 00 00 00 fc 09 00 00 00 00 00 01 00 00 00\n' +
        '14 00 00 00 00 00 10 00 00 00 00 00 00 00 f0 07 00 00 00 00 01 00 00 00\n',
    );
    const entry = '{"base":"0x0","size":"0x1000","type":"usable","attributes":0}';
    const json = { 'a.json': `{"entries":[${entry}]}` };
    const disabled = await run(['a.json', '--multiboot'], json);
    expect([disabled.stdout, disabled.notes]).toEqual([
      '',
      ['entry 0 is disabled, which multiboot cannot say; it is left out'],
    ]);
  });

  it('adds and cuts with --memmap-add, in order', async () => {
    const words = ['--memmap-add', '1M@64M:reserved', '--memmap-add', '1M@32M:hole', '--linux'];
    expect((await run(['b.txt', ...words], { 'b.txt': DMESG })).stdout).toBe(
      'memmap=exactmap memmap=0x9fc00@0x0 memmap=0x1f00000@0x100000 memmap=0x5f00000@0x2100000 ' +
        'memmap=0x100000$0x4000000\n',
    );
  });

  it('notes that -m does not change a map that says itself where RAM is', async () => {
    const { notes, stdout } = await run(['zoo:bochs-512m', '-m', '8G', '--json']);
    expect(notes).toEqual([
      '--ram 8G is for the map pc only; zoo:bochs-512m says itself where RAM is',
    ]);
    expect(parseJsonMap(stdout, 'x')).toEqual(zooMap('bochs-512m'));
  });
});

describe('s7x memmap --check', () => {
  it('ends with 0 and a summary for a map without errors', async () => {
    const { stdout, status } = await run(['-', '--check'], { '-': DMESG });
    expect(stdout).toBe(
      'standard input: 2 entries, 32670 usable pages (130680 KiB): 0 errors, 0 warnings\n',
    );
    expect(status).toBe(0);
  });

  it('prints warnings, counts lines that are not used among them, and still ends with 0', async () => {
    const text = `${DMESG}BIOS-e820: [mem 0x0000000000000000-0x0000000000000fff] reserved\nBIOS-e820: ?`;
    const { stdout, status } = await run(['-', '--check'], { '-': text });
    expect(stdout.split('\n').map((line) => line.slice(0, 25))).toEqual([
      'warning: standard input, ',
      'warning: standard input: ',
      'warning: standard input: ',
      'standard input: 3 entries',
      '',
    ]);
    expect(stdout).toContain('0 errors, 3 warnings');
    expect(status).toBe(0);
  });

  it.each([
    ['no usable RAM at 1 MiB', '{"entries":[{"base":"0x1000000","size":"0x1000000","type":1}]}'],
    ['empty', '{"entries":[]}'],
    ['wraps past 2^64', '{"entries":[{"base":"0xfffffffffffff000","size":"0x2000","type":1}]}'],
    [
      'range 1 of the nodes (node 1, 0x100000 + 64 MiB) overlaps range 0 (node 0, 0x0 + 65 MiB)',
      '{"entries":[{"base":"0x100000","size":"64M","type":1}],' +
        '"nodes":[{"node":0,"base":"0x0","size":"65M"},{"node":1,"base":"0x100000","size":"64M"}]}',
    ],
    [
      'the map has 5000 entries; the limit is 4096',
      JSON.stringify({ entries: Array(5000).fill({ base: '0x100000', size: '0x1000', type: 1 }) }),
    ],
  ])('ends with 4 for errors: %s', async (message, text) => {
    const { stdout, status } = await run(['box.json', '--check'], { 'box.json': text });
    expect(stdout).toMatch(/^error: box\.json: /);
    expect(stdout).toContain(message);
    expect(status).toBe(4);
  });

  it('keeps findings off standard output when a form is asked for too', async () => {
    const words = ['zoo:samsung-500c-chromebook-two-entries', '--check', '--json'];
    const { stdout, notes, status } = await run(words);
    expect(() => parseJsonMap(stdout, 'x')).not.toThrow();
    expect(notes[0]).toMatch(/^error: zoo:samsung/);
    expect(status).toBe(4);
  });
});

describe('s7x memmap --list', () => {
  it('lists every map of the zoo with its machine and source', async () => {
    const { stdout } = await run(['--list']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(zooNames().length);
    expect(stdout).toMatch(/^zoo:bochs-512m +\d+ entries +511 MiB {2}\S.*\(.+\)$/m);
  });

  it('lists as JSON', async () => {
    const { stdout } = await run(['--list', '--json']);
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toEqual(zooNames());
  });
});

describe('s7x memmap on bad input', () => {
  it.each([
    [['-m', '8X'], /'8X' has the unknown unit 'X'/],
    [['-m', '512K'], /RAM of 512 KiB is outside 1 MiB to 4 PiB/],
    [['-m', '8P'], /RAM of 8 PiB is outside/],
    [['-m=-8M'], /'-8M' is negative/],
    [['-m', '8M', '-m', '9M'], /--ram is given twice: 8M and 9M/],
    [['zoo:bochs-511m'], /the zoo has no map 'bochs-511m'; did you mean 'bochs-512m'/],
    [['--json', '--c'], /--json and --c ask for two forms/],
    [['pc', '--list'], /--list takes no map/],
    [['--memmap-add', '1M@x:reserved'], /'1M@x:reserved' has 'x'/],
    [['bad.json'], /^bad\.json: entry 0 has the "base" "100000"/],
    [[''], /^no memory map is named/],
    [['empty'], /^empty is empty$/],
    [['binary'], /^binary is not text$/],
    [['prose'], /^prose has no memory map/],
    [['broken.json'], /^broken\.json is not JSON/],
  ])('refuses %j with one sentence (status 2)', async (words, message) => {
    const files = {
      'bad.json': '{"entries":[{"base":"100000","size":"0x1000","type":1}]}',
      empty: ' \n',
      binary: '\u007fELF\0\0',
      prose: 'To be, or not to be',
      'broken.json': '{"entries":[',
    };
    const error: unknown = await run(words, files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain('\n');
  });

  it.each(['/no/such/file', '/'])(
    'reports the unreadable file %s as the host’s (status 10)',
    (path) => {
      expect(() => hostMapInput.readFile(path)).toThrow(HostError);
      expect(() => hostMapInput.readFile(path)).toThrow(
        /^cannot read the memory map \/.*: (no such file or directory|illegal operation on a directory)$/,
      );
    },
  );
});
