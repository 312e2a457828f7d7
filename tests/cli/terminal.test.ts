/**
 * s7x on a terminal: keys reach the guest as they are typed, Ctrl-A x ends the run, and the terminal is as before afterwards.
 * The terminal is one of script(1); stty(1) tells its modes before and after. The guest tests/guests/echo.asm changes the case
 * of letters; a full stop ends it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { emptyFolder, mainPath } from './s7x.js';

const HOST_MS_MAX = 50_000;
const hasScript = spawnSync('script', ['-qec', 'stty -g', '/dev/null'], { input: '' }).status === 0;

interface Session {
  /** Everything that appeared between the two reports of stty. */
  readonly shown: string;
  readonly status: string;
  readonly restored: boolean;
}

/** Runs `s7x run` on a terminal and types `keys` when the guest has begun, or sends a signal then. */
async function onTerminal(
  words: readonly string[],
  { keys = '', signal }: { keys?: string; signal?: NodeJS.Signals },
): Promise<Session> {
  const command = ['node', mainPath, 'run', ...words].map((word) => `"${word}"`).join(' ');
  const shell = `stty -g; sh -c 'echo pid $$; exec ${command}'; echo "status $?"; stty -g`;
  const child = spawn('script', ['-qec', shell, '/dev/null'], { cwd: emptyFolder() });
  const timer = setTimeout(() => child.kill('SIGKILL'), HOST_MS_MAX);
  let text = '';
  let begun = false;
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (begun || !text.includes('s7x: ')) return;
    begun = true;
    const pid = Number(/pid (\d+)/.exec(text)?.[1]);
    if (signal !== undefined) process.kill(pid, signal);
    if (keys !== '') child.stdin.write(Buffer.from(keys, 'latin1'));
  });
  // A run that has ended reads no more keys; what it showed and its status tell the rest.
  child.stdin.on('error', () => undefined);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  const parts = /^(\S+)\r\npid \d+\r\n([^]*)status (\d+)\r\n(\S+)\r\n/.exec(text);
  expect(parts, text).not.toBeNull();
  const [, before, shown = '', status = '', after] = parts ?? [];
  return { shown, status, restored: before === after };
}

const title = hasScript
  ? 's7x run on a terminal'
  : 's7x run on a terminal (skipped: script(1) of util-linux is not installed)';

describe.skipIf(!hasScript)(title, () => {
  const echo = guest('echo');
  const TOO_LARGE = join(emptyFolder(), 'disk');
  writeFileSync(TOO_LARGE, new Uint8Array(9 << 20));
  const words = [echo, '--cpu', 'unit', '-m', '8M', '--wall', '40s'];

  it.each<[string, string, string]>([
    ['types what is typed', 'Hello.', 'hELLO'],
    ['hands Ctrl-C, Ctrl-Z and Ctrl-\\ to the guest', '\x03\x1a\x1cq.', '\x03\x1a\x1cQ'],
    ['sends one Ctrl-A for two', '\x01\x01q.', '\x01Q'],
    ['has no key of Ctrl-A h', '\x01hq.', 'Q'],
    ['is left by Ctrl-A x', 'a\x01x', ''],
  ])('%s', async (_, keys, echoed) => {
    const { shown, status, restored } = await onTerminal(words, { keys });
    expect(shown).toContain(echoed);
    expect({ status, restored }).toEqual({ status: '0', restored: true });
  });

  it('says its keys on Ctrl-A h', async () => {
    const { shown, status } = await onTerminal(words, { keys: '\x01h.' });
    expect(shown).toContain('s7x: Ctrl-A x       ends the run\r\ns7x: Ctrl-A h');
    expect(status).toBe('0');
  });

  it.each<[NodeJS.Signals, string]>([
    ['SIGTERM', '143'],
    ['SIGHUP', '129'],
    ['SIGINT', '130'],
  ])('gives the terminal back on %s', async (signal, expected) => {
    const { shown, status, restored } = await onTerminal(words, { signal });
    expect(shown).toContain(`interrupted by ${signal}`);
    expect({ status, restored }).toEqual({ status: expected, restored: true });
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['a limit', [...words, '--max-insns', '100'], '124', /100 instructions are retired/],
    ['an output folder that cannot be', [...words, '-o', '/dev/null/x'], '10', /cannot be made/],
    [
      'an initial RAM disk without room',
      [...words, '--initrd', TOO_LARGE],
      '2',
      /no room for its 92\d\d KiB/,
    ],
  ])('gives the terminal back after %s', async (_, all, expected, sentence) => {
    const { shown, status, restored } = await onTerminal(all, {});
    expect(shown).toMatch(sentence);
    expect({ status, restored }).toEqual({ status: expected, restored: true });
  });
});
