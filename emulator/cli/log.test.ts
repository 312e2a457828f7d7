/** The emulator's own lines: on standard error by level, in the file always, with guest time and no other. */
import { describe, expect, it } from 'vitest';
import { createLog, type LogFormat, type LogLevel } from './log.js';

function logged(
  write: (log: ReturnType<typeof createLog>) => void,
  {
    format = 'json',
    level = 'info',
    isTTY = false,
  }: { format?: LogFormat; level?: LogLevel; isTTY?: boolean } = {},
): { stderr: string; file: string } {
  let stderr = '';
  const file: number[] = [];
  const log = createLog({
    format,
    level,
    file: { byte: (value) => file.push(value), flush: () => undefined, close: () => undefined },
    stderr: { isTTY, write: (text) => (stderr += text) },
    now: () => ({ cycle: 2 ** 53 - 1, ns: 42 }),
  });
  write(log);
  return { stderr, file: Buffer.from(file).toString() };
}

describe('createLog', () => {
  it('writes lines that parse, with cycle and ns of the guest and no time of the host', () => {
    const { stderr } = logged((log) => log.info({ component: 'dev', port: '0x3f8' }, 'grün "x"\n'));
    expect(stderr.endsWith('}\n')).toBe(true);
    expect(JSON.parse(stderr)).toEqual({
      level: 30,
      cycle: '9007199254740991',
      ns: '42',
      component: 'dev',
      port: '0x3f8',
      msg: 'grün "x"\n',
    });
  });

  it.each<[LogLevel, string[]]>([
    ['error', ['e']],
    ['warn', ['w', 'e']],
    ['info', ['i', 'w', 'e']],
    ['debug', ['d', 'i', 'w', 'e']],
    ['trace', ['t', 'd', 'i', 'w', 'e']],
  ])('level %s shows %j; the file gets all', (level, shown) => {
    const messages = (text: string): unknown[] =>
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { msg: unknown }).msg);
    const { stderr, file } = logged(
      (log) => {
        log.trace('t');
        log.debug('d');
        log.info('i');
        log.warn('w');
        log.error('e');
      },
      { level },
    );
    expect(messages(stderr)).toEqual(shown);
    expect(messages(file)).toEqual(['t', 'd', 'i', 'w', 'e']);
  });

  it.each<[LogFormat, boolean, boolean]>([
    ['auto', true, false],
    ['auto', false, true],
    ['pretty', false, false],
    ['json', true, true],
  ])('format %s, terminal %s: NDJSON %s', (format, isTTY, isJson) => {
    const { stderr } = logged((log) => log.info('hello'), { format, isTTY });
    expect(stderr.startsWith('{')).toBe(isJson);
  });

  it('for people: severity, message, values, cycle; a report below', () => {
    const { stderr } = logged(
      (log) => {
        log.warn({ component: 'unimp', port: '0x70' }, 'read');
        log.error({ status: true, kind: 'hang', code: 8, report: ['a', 'b'] }, 'FAIL');
      },
      { format: 'pretty' },
    );
    expect(stderr).toBe(
      's7x: warning: read: component=unimp port=0x70 (cycle 9007199254740991)\n' +
        's7x: error: FAIL\n  a\n  b\n',
    );
  });

  it('shows what stands in a line and does not hand it to the terminal', () => {
    const { stderr } = logged(
      (log) => {
        log.error({ name: 'a\x1bb', report: ['c\u009bd'] }, 'e\rf\n');
      },
      { format: 'pretty' },
    );
    expect(stderr).toBe(
      's7x: error: e\\rf\\n: name=a\\u001bb (cycle 9007199254740991)\n  c\\u009bd\n',
    );
  });
});
