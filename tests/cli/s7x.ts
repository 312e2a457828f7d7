/** Runs the built command line as a user does: a process of its own, in a folder of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const mainPath = join(projectRoot, 'dist/emulator/cli/main.js');

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The folder in which it ran. */
  readonly folder: string;
}

export interface Circumstances {
  readonly folder?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with standard output so far, whenever there is more; may send a signal. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** A new empty folder below the host's folder for temporary files. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 's7x-test-'));
}

/** Runs `s7x WORDS…` to its end. */
export function s7x(
  words: readonly string[],
  circumstances: Circumstances = {},
): Promise<Finished> {
  const folder = circumstances.folder ?? emptyFolder();
  return new Promise((resolvePromise, reject) => {
    const child = spawn(process.execPath, [mainPath, ...words], {
      cwd: folder,
      env: { ...process.env, ...circumstances.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString('latin1');
      circumstances.onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      resolvePromise({ status, signal, stdout, stderr, folder });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(circumstances.input ?? '');
  });
}
