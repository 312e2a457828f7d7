/** `--serial` at sockets and programs. The guest tests/guests/echo.asm changes the case of what it gets, and ends at a dot. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import {
  connect,
  createServer,
  type AddressInfo,
  type NetConnectOpts,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { emptyFolder, runRecord, s7x, type Circumstances, type Finished } from './s7x.js';
import { withFiles } from './suite-folder.js';

const echo = guest('echo');
const run = (words: readonly string[], circumstances: Circumstances = {}): Promise<Finished> =>
  s7x(['run', echo, '--cpu', 'unit', '--wall', '30s', '--log-format', 'pretty', ...words], {
    input: null,
    ...circumstances,
  });

/** Runs with COM1 at `spec`, and has somebody connect where the run says. */
async function withClient(
  spec: string,
  act: (socket: Socket) => void,
  folder = emptyFolder(),
): Promise<{ readonly finished: Finished; readonly got: string }> {
  let socket: Socket | null = null;
  let got = '';
  const finished = await run(['--serial', spec], {
    folder,
    onProgress: (text) => {
      const [, kind, place = ''] = /COM1: connect to (tcp|unix):(\S+)\n/.exec(text) ?? [];
      if (kind === undefined || socket !== null) return;
      const port = Number(place.split(':').at(-1));
      const to: NetConnectOpts =
        kind === 'tcp' ? { host: '127.0.0.1', port } : { path: join(folder, place) };
      socket = connect({ ...to, allowHalfOpen: true });
      socket.on('data', (bytes: Buffer) => (got += bytes.toString('latin1')));
      socket.on('end', () => socket?.end()).on('error', () => undefined);
      act(socket);
    },
  });
  (socket as Socket | null)?.destroy();
  return { finished, got };
}

describe('somebody who connects', () => {
  it.each(['tcp:0', 'tcp:127.0.0.1:0', 'unix:com1.sock'])(
    'to %s types, and gets what COM1 shows',
    async (spec) => {
      const { finished, got } = await withClient(spec, (socket) => socket.write('live.'));
      expect([finished.status, finished.stdout, got]).toEqual([0, '', 'LIVE']);
      expect(readFileSync(join(finished.folder, '.s7x/last/serial.log'), 'utf8')).toBe('LIVE');
      expect(runRecord(finished).config).toMatchObject({ input: spec, inputSha256: null });
      expect(existsSync(join(finished.folder, 'com1.sock'))).toBe(false);
      const replay = await s7x(['replay'], { folder: finished.folder, input: null });
      expect([replay.status, replay.stderr]).toEqual([
        2,
        's7x: this run cannot be repeated: what was typed at COM1 while it ran is not kept (--input FILE is)\n',
      ]);
    },
  );

  it('and types no more still gets what comes', async () => {
    const { finished, got } = await withClient('tcp:0', (socket) => socket.end('live.'));
    expect([finished.status, got]).toEqual([0, 'LIVE']);
  });

  it('and goes leaves a guest that waits for more: a hang, known at once', async () => {
    const { finished } = await withClient('tcp:0', (socket) => {
      socket.write('ab', () => setTimeout(() => socket.destroy(), 300));
    });
    expect(finished.status).toBe(8);
    expect(finished.stderr).toContain('s7x: COM1: the other end (tcp:0) has ended\n');
  });

  it('finds a socket whose process was killed out of the way', async () => {
    const folder = emptyFolder();
    // A socket stays in the file system when nobody closes it.
    const script = `require('net').createServer().listen('com1.sock', () => process.kill(process.pid, 'SIGKILL'))`;
    const { spawnSync } = await import('node:child_process');
    spawnSync(process.execPath, ['-e', script], { cwd: folder });
    expect(statSync(join(folder, 'com1.sock')).isSocket()).toBe(true);
    const { finished, got } = await withClient('unix:com1.sock', (s) => s.write('a.'), folder);
    expect([finished.status, got]).toEqual([0, 'A']);
  });

  it('late gets what has been shown before', async () => {
    const { got } = await withClient('tcp:0', (socket) => {
      setTimeout(() => socket.write('q.'), 200);
    });
    expect(got).toBe('Q');
  });
});

describe('nobody who connects', () => {
  it('is waited for by no guest that has an end', async () => {
    const words = ['run', guest('power-off'), '--cpu', 'unit', '--serial', 'unix:a.sock', '-q'];
    const finished = await s7x(words, { input: null });
    expect([finished.status, finished.stdout, finished.stderr]).toEqual([0, '', '']);
    expect(existsSync(join(finished.folder, 'a.sock'))).toBe(false);
  });

  it('is waited for by one that reads, until a signal or --wall', async () => {
    const finished = await s7x(
      ['run', echo, '--cpu', 'unit', '--serial', 'unix:a.sock', '--wall', '1s'],
      { input: null },
    );
    expect(finished.status).toBe(124);
    expect(existsSync(join(finished.folder, 'a.sock'))).toBe(false);
    const signalled = await run(['--serial', 'unix:a.sock'], {
      onProgress: (text, kill) => {
        if (text.includes('connect to')) setTimeout(() => kill('SIGTERM'), 300);
      },
    });
    expect(signalled.signal).toBe('SIGTERM');
    expect(existsSync(join(signalled.folder, 'a.sock'))).toBe(false);
  });
});

describe('who does not read', () => {
  it('holds the machine up, and a limit of host time is heard', async () => {
    const words = ['run', guest('prints-forever'), '--cpu', 'unit', '--uart', 'instant', '-q'];
    const finished = await s7x([...words, '--serial', 'exec:sleep 60', '--wall', '5s'], {
      input: null,
    });
    expect(finished.status).toBe(124);
    // What waits, what the host's pipe holds, and one slice.
    const { size } = statSync(join(finished.folder, '.s7x/last/serial.log'));
    expect(size).toBeLessThan(600_000);
  });
});

describe('a program', () => {
  it('gets what COM1 shows, all of it, and what it prints is typed', async () => {
    const folder = emptyFolder();
    const spec = 'exec:printf live.; cat > com1.txt; echo done >> com1.txt';
    const finished = await run(['--serial', spec], { folder });
    expect([finished.status, finished.stdout]).toEqual([0, '']);
    expect(readFileSync(join(folder, 'com1.txt'), 'utf8')).toBe('LIVEdone\n');
  });

  it('that ends leaves a guest that waits for more: a hang, known at once', async () => {
    const finished = await run(['--serial', 'exec:printf ab; exit 3']);
    expect(finished.status).toBe(8);
    expect(finished.stderr).toContain('COM1: exec:printf ab; exit 3 has ended with status 3\n');
  });

  it('that there is not is one, too', async () => {
    const finished = await run(['--serial', 'exec:no-such-program']);
    expect(finished.status).toBe(8);
    expect(finished.stderr).toContain('has ended with status 127\n');
  });

  it('that does not end is ended', async () => {
    const words = ['run', guest('power-off'), '--cpu', 'unit', '-q', '--serial'];
    const stubborn = `exec:trap '' TERM; echo $$ > pid; sleep 60`;
    const finished = await s7x([...words, stubborn], { input: null, hostMsMax: 20_000 });
    expect(finished.status).toBe(0);
    const pid = Number(readFileSync(join(finished.folder, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it('is at another port, where nothing is typed; --no-input makes a run that can be repeated', async () => {
    const folder = withFiles({ 'keys.txt': 'ab.' });
    const words = ['--input', 'keys.txt', '--serial', 'exec:cat > a', '--serial', 'exec:printf x'];
    const finished = await run(words, { folder });
    expect([finished.status, readFileSync(join(folder, 'a'), 'utf8')]).toEqual([0, 'AB']);
    const replay = await s7x(['replay', '--serial', 'exec:cat > b'], { folder, input: null });
    expect([replay.status, readFileSync(join(folder, 'b'), 'utf8')]).toEqual([0, 'AB']);
    const alone = await s7x(
      ['run', guest('power-off'), '--cpu', 'unit', '--serial', 'tcp:0', '--no-input'],
      { folder, input: null },
    );
    expect([alone.status, (await s7x(['replay'], { folder, input: null })).status]).toEqual([0, 0]);
  });
});

describe('places that there are not', () => {
  it.each<[spec: string, status: number, sentence: RegExp]>([
    ['tcp:', 2, /^s7x: --serial tcp:: write tcp:PORT or tcp:HOST:PORT, with a port up to 65535\n$/],
    ['tcp:65536', 2, /^s7x: --serial tcp:65536: write tcp:PORT/],
    ['tcp:a:b', 2, /^s7x: --serial tcp:a:b: write tcp:PORT/],
    ['unix:', 2, /^s7x: --serial unix:: no path behind unix:\n$/],
    ['exec: ', 2, /^s7x: --serial exec: : no command behind exec:\n$/],
    ['pty', 2, /there is stdio, null, file:PATH, unix:PATH, tcp:\[HOST:\]PORT and exec:COMMAND\n$/],
    ['unix:none/a.sock', 10, /^s7x: --serial unix:none\/a\.sock: cannot listen there: /],
    ['tcp:192.0.2.1:1', 10, /^s7x: --serial tcp:192\.0\.2\.1:1: cannot listen there: /], // RFC 5737
  ])('%s', async (spec, status, sentence) => {
    const finished = await s7x(['run', echo, '--serial', spec], { input: null });
    expect([finished.status, finished.stdout]).toEqual([status, '']);
    expect(finished.stderr).toMatch(sentence);
  });

  it('a port that somebody has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.on('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const words = ['--serial', 'unix:a.sock', '--serial', `tcp:${port}`];
    const finished = await run(words);
    other.close();
    expect(finished.status).toBe(10);
    expect(finished.stderr).toContain(`s7x: --serial tcp:${port}: cannot listen there: `);
    expect(existsSync(join(finished.folder, 'a.sock'))).toBe(false);
  });

  it('a program out of a configuration', async () => {
    const folder = withFiles({});
    writeFileSync(join(folder, 's7x.yaml'), "functional: true\nserial: [null, 'exec:touch x']\n");
    const bad = await s7x(['run', 'bye.elf'], { folder, input: null });
    expect(bad.status).toBe(2);
    writeFileSync(join(folder, 's7x.yaml'), "serial: ['null', 'exec:touch x']\n");
    const finished = await s7x(['run', 'bye.elf'], { folder, input: null });
    expect([finished.status, finished.stderr]).toEqual([
      2,
      's7x: s7x.yaml:1:18: serial: only the command line starts a program (exec:)\n',
    ]);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});
