/** Examples of docs/cli.md and of --help for the kernel that the package carries: what they wait for comes, what they show is shown. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { emptyFolder, projectRoot, s7x } from './s7x.js';

/** Words of a shell: between single quotes, or without blanks. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));

const document = readFileSync(join(projectRoot, 'docs/cli.md'), 'utf8');
const folder = emptyFolder();

beforeAll(async () => {
  const run = await s7x(['run', '--functional', '--trace', 'call', '-q'], { folder });
  expect(run.status).toBe(0);
});

it('a snapshot is saved, and goes on', async () => {
  const block = /^s7x (run .*--save-at .*)\ns7x (run .*) -s -S$/m.exec(document);
  const [save = '', goOn = ''] = block?.slice(1) ?? [];
  expect(await s7x(wordsOf(`${save} --functional -q -o saved`), { folder })).toMatchObject({
    stderr: '',
  });
  expect((await s7x(wordsOf(`${goOn} -q -o on`), { folder })).status).toBe(0);
});

it('a check shows what it found', async () => {
  const [, command = '', shown = ''] =
    /^\$ s7x (run .*--check .*) 2>&1 >\/dev\/null \| grep -e --check\n((?:s7x: .*\n)+)/m.exec(
      document,
    ) ?? [];
  const { stderr } = await s7x(wordsOf(`${command} -o found`), { folder });
  // Not every line with the word: the folder of the kernel may be called so.
  const found = stderr.split('\n').filter((line) => line.includes('--check'));
  const literal = (text: string): string => text.replace(/[^\w\s]/g, '\\$&');
  const lines = shown.trimEnd().split('\n');
  expect(found.length).toBe(lines.length);
  for (const [index, line] of lines.entries()) {
    const shape = line.split('…').map(literal).join('[0-9. ]+');
    expect(found[index]).toMatch(new RegExp(`^${shape}$`));
  }
});

it('parts of a run begin and end', async () => {
  const { stdout: help } = await s7x(['report', '--help']);
  const moments = [...`${document}\n${help}`.matchAll(/serial:\/[^/]+\/\.\.[\w:]+/g)];
  expect(moments.length).toBeGreaterThan(3);
  for (const [between] of new Set(moments)) {
    const { status, stderr } = await s7x(['report', '--between', between], { folder });
    expect([between, status, stderr]).toEqual([between, 0, '']);
  }
});
