import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../base/errors.js';
import { parseGdbPlace } from './place.js';

describe('--gdb', () => {
  it.each([
    ['127.0.0.1:1234', '127.0.0.1', 1234, null],
    [':1234', '127.0.0.1', 1234, null],
    ['0', '127.0.0.1', 0, null],
    ['localhost:65535', 'localhost', 65_535, null],
    ['[::1]:1234', '::1', 1234, null],
    ['unix:/run/gdb.sock', '', 0, '/run/gdb.sock'],
  ])('%s', (text, host, port, path) => {
    expect(parseGdbPlace(text)).toEqual({ text, host, port, path });
  });

  it.each(['', 'localhost', ':', ':65536', ':-1', ':12x', 'a:b:1', 'unix:'])(
    'refuses %j and names it',
    (text) => {
      expect(() => parseGdbPlace(text)).toThrow(ConfigurationError);
      expect(() => parseGdbPlace(text)).toThrow(`--gdb ${text}:`);
    },
  );
});
