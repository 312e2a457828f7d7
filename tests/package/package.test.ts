/** The package as a user gets it: packed, installed in an empty folder, run without compiler or development tools. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, projectRoot } from '../cli/s7x.js';

const MINUTES = 60_000;
const PACKED_BYTES_MAX = 3 << 20;

interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(program: string, words: readonly string[], folder: string): Promise<Output> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...words],
      {
        cwd: folder,
        timeout: 3 * MINUTES,
        maxBuffer: 1 << 26,
        env: { ...process.env, npm_config_update_notifier: 'false' },
      },
      (error, stdout, stderr) => {
        const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ status, stdout, stderr });
      },
    );
  });
}

describe('the package', () => {
  const packFolder = emptyFolder();
  const userFolder = emptyFolder();
  let files: string[] = [];
  let packedBytes = 0;

  beforeAll(async () => {
    const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', packFolder];
    const packed = await command('npm', words, projectRoot);
    const [report] = JSON.parse(packed.stdout) as [{ size: number; files: { path: string }[] }];
    files = report.files.map(({ path }) => path);
    packedBytes = report.size;
    const tarball = join(packFolder, readdirSync(packFolder)[0] ?? '');
    writeFileSync(join(userFolder, 'package.json'), '{ "private": true }\n');
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball];
    const installed = await command('npm', install, userFolder);
    if (installed.status !== 0) throw new Error(`npm install failed: ${installed.stderr}`);
  }, 4 * MINUTES);

  it('holds what runs, and neither tests nor tools', () => {
    for (const path of [
      'dist/bundle/s7x.js',
      'dist/bundle/sweep-worker.js',
      'dist/bundle/common.cjs',
      'dist/bundle/common.cjs.cache',
      'dist/bundle/LICENSES.txt',
      'dist/emulator/cpu/core.wasm',
      'dist/firmware/rom.bin',
      'dist/kernel/kernel.elf',
      'package.json',
      'LICENSE',
      'docs/cli.md',
    ]) {
      expect(files).toContain(path);
    }
    const unwanted =
      /\.tsbuildinfo$|\/\.cache\/|^dist\/(scripts|kernel\/compiler|firmware\/assembler)|\.test\.|^tests/;
    const isWanted = (path: string): boolean => path.startsWith('docs/examples/');
    expect(files.filter((path) => unwanted.test(path) && !isWanted(path))).toEqual([]);
    expect(packedBytes).toBeLessThan(PACKED_BYTES_MAX);
  });

  it('needs no development tool', () => {
    const installed = readdirSync(join(userFolder, 'node_modules'));
    const { devDependencies } = JSON.parse(
      readFileSync(join(projectRoot, 'package.json'), 'utf8'),
    ) as { devDependencies: Record<string, string> };
    expect(installed.filter((name) => name in devDependencies)).toEqual([]);
    expect(installed).toContain('system7x');
  });

  it('npx s7x run -m 1T boots the kernel that it carries', async () => {
    const run = await command('npx', ['--no-install', 's7x', 'run', '-m', '1T'], userFolder);
    expect(run.stdout).toMatch(/^System 7X nanokernel memory manager\n/);
    expect(run.stdout).toMatch(/(\d+)\/\1 tests passed/);
    expect(run.status).toBe(0);
    expect(existsSync(join(userFolder, '.s7x/last/run.json'))).toBe(true);
  });

  it('npx s7x sweep runs in workers there', async () => {
    const words = ['--no-install', 's7x', 'sweep', '--ram', '8M,1T', '--append', 'quiet'];
    const run = await command('npx', words, userFolder);
    expect([run.status, run.stdout.includes('2 runs: 2 pass')]).toEqual([0, true]);
  });

  it('its library boots there, and sweeps in workers', async () => {
    const program = [
      "import { boot, sweep } from 'system7x';",
      "const machine = await boot(undefined, { ram: '1T', append: 'quiet', cpu: 'unit' });",
      'console.log((await machine.run()).kind, machine.ramBytes);',
      "const rows = await sweep(undefined, { ram: '8M,64M', append: 'quiet', cpu: 'unit' });",
      "console.log(rows.map(({ passed }) => passed).join(' '));",
    ];
    const words = ['--input-type=module', '-e', program.join('\n')];
    const run = await command(process.execPath, words, userFolder);
    // 2^40 less the little that is reserved below 1 MiB.
    expect(run.stdout).toMatch(/^power-off 10995\d{8}n\ntrue true\n$/);
    expect([run.status, run.stderr]).toEqual([0, '']);
  });

  it('npx s7x memmap knows the zoo there', async () => {
    const run = await command(
      'npx',
      ['--no-install', 's7x', 'memmap', 'zoo:bochs-512m'],
      userFolder,
    );
    expect([run.status, run.stdout.includes('usable')]).toEqual([0, true]);
  });
});
