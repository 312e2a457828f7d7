import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { parseSizeRange } from './sweep-range.js';

const MIB = 1n << 20n;

describe('parseSizeRange', () => {
  it.each<[string, bigint[]]>([
    ['8M', [8n]],
    ['8', [8n]],
    ['8M..64M', [8n, 16n, 32n, 64n]],
    ['8M..8M', [8n]],
    ['8M..100M', [8n, 16n, 32n, 64n, 100n]], // the end always
    ['8M..1G*4', [8n, 32n, 128n, 512n, 1024n]],
    ['8M..20M+5M', [8n, 13n, 18n, 20n]],
    ['8M,64M,3.5G', [8n, 64n, 3584n]],
    ['8M..32M,16M,1G', [8n, 16n, 32n, 1024n]], // each size once
    ['1.5G..3G', [1536n, 3072n]],
    [' 8M , 16M ', [8n, 16n]],
  ])('%s', (text, mebibytes) => {
    expect(parseSizeRange(text, '--ram')).toEqual(mebibytes.map((count) => count * MIB));
  });

  it('8M..4P is thirty powers of two', () => {
    const sizes = parseSizeRange('8M..4P', '--ram');
    expect(sizes).toEqual(Array.from({ length: 30 }, (_, i) => MIB << BigInt(3 + i)));
  });

  it.each([
    ['64M..8M', /goes upwards/],
    ['0..8M', /goes upwards, from more than 0/],
    ['8M..64M+0', /step of 0/],
    ['8M..64M*1', /factor 1 is no whole number above 1/],
    ['8M..64M*1.5', /factor 1.5/],
    ['8M..1T+1M', /more than 10000 sizes/],
    ['8X..16M', /--ram: .*8X/],
    ['', /--ram: /],
    ['8M,,16M', /--ram: /],
  ])('%j is refused', (text, sentence) => {
    expect(() => parseSizeRange(text, '--ram')).toThrow(ConfigurationError);
    expect(() => parseSizeRange(text, '--ram')).toThrow(sentence);
  });
});
