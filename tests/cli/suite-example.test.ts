/** What the package gives to people who write suites: the example, and the schema for their editor. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { suiteSchema } from '../../emulator/cli/suite/suite-keys.js';
import { projectRoot, s7x } from './s7x.js';
import { resultOf, withFiles } from './suite-folder.js';

const [, section = ''] =
  /\n## Suites\n([^]*?)\n## /.exec(readFileSync(join(projectRoot, 'docs/cli.md'), 'utf8')) ?? [];

describe('docs/examples/kernel.boot.yaml', () => {
  it('passes with the kernel of the package', async () => {
    const run = await s7x(['test', join(projectRoot, 'docs/examples/kernel.boot.yaml')]);
    expect(run.stdout).toContain('\n4 cases of 1 suite: 4 pass, 0 fail\n');
    expect(run.status).toBe(0);
    // 8 MiB less what the firmware and the first MiB keep: docs/booting.md's map, in pages of 4 KiB.
    const pages = resultOf(run).cases.map(({ records }) => Number(records['pages']));
    expect(pages[0]).toBeLessThan((8 << 20) / 4096);
    expect([...pages].sort((a, b) => a - b)).toEqual(pages);
  });
});

it('the suite in docs/cli.md is one', async () => {
  const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(section) ?? [];
  const folder = withFiles({ 'a.boot.yaml': yaml });
  mkdirSync(join(folder, 'build'));
  copyFileSync(join(folder, 'bye.elf'), join(folder, 'build/kernel.elf'));
  const run = await s7x(['test', '--list'], { folder });
  expect(run.stderr).toBe('');
  expect(run.stdout).toContain('memory manager: ram 3 GiB, memmap pc\n');
});

describe('docs/boot.schema.json', () => {
  const path = join(projectRoot, 'docs/boot.schema.json');

  it('is made of the table that suites are checked by (UPDATE_GOLDEN=1 writes it, and prettier its lines)', () => {
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, suiteSchema());
    }
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(suiteSchema()));
  });

  it('knows the keys of docs/cli.md, section "Suites", and no others', () => {
    const { properties } = JSON.parse(suiteSchema()) as { properties: Record<string, unknown> };
    const keys = [...section.matchAll(/^\| `([a-z][\w-]*)`/gm)].map(([, key]) => key);
    expect(keys.length).toBeGreaterThan(8);
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(keys));
    for (const option of ['expect', 'fail', 'input', 'debug']) {
      expect(properties).not.toHaveProperty(option);
    }
  });
});
