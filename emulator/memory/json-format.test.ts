import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { formatJsonMap, parseJsonMap } from './json-format.js';
import { mapEntry } from './memory-map.js';

function parseEntry(entry: string): unknown {
  return parseJsonMap(`{"entries":[${entry}]}`, 'box.json').entries[0];
}

describe('parseJsonMap', () => {
  it('reads the form of the command line page', () => {
    const text =
      '{"name":"box","entries":[{"base":"0x100000","size":"0x7f00000","type":"usable"}]}';
    expect(parseJsonMap(text, 'box.json')).toEqual({
      name: 'box',
      entries: [mapEntry(0x100000n, 0x7f00000n, 1)],
    });
  });

  it('reads the form of published collections: length, number and label, other keys', () => {
    const text =
      '{"machine":"m","entries":[{"base":"0x0","length":"0x9f000","type":3,"label":"ACPI data","note":""}],"linux":{},"notes":[]}';
    expect(parseJsonMap(text, 'box.json')).toEqual({
      name: 'box.json',
      entries: [mapEntry(0n, 0x9f000n, 3)],
    });
  });

  it('reads which RAM is whose', () => {
    const text =
      '{"name":"n","entries":[],"nodes":[{"node":1,"base":"0x100000000","size":"4G"},{"node":0,"base":0,"length":"0x1000"}]}';
    expect(parseJsonMap(text, 'x').nodes).toEqual([
      { node: 1, base: 1n << 32n, length: 4n << 30n },
      { node: 0, base: 0n, length: 4096n },
    ]);
    expect(parseJsonMap(formatJsonMap(parseJsonMap(text, 'x')), 'y')).toEqual(
      parseJsonMap(text, 'x'),
    );
  });

  it.each([
    ['1', /"nodes" is not a list/],
    ['[1]', /range 0 of the nodes is not an object/],
    [
      '[{"node":64,"base":0,"size":1}]',
      /range 0 of the nodes has the "node" 64, which is none of 0 to 63/,
    ],
    ['[{"node":-1,"base":0,"size":1}]', /"node" -1/],
    ['[{"base":0,"size":1}]', /"node" undefined/],
    ['[{"node":0,"size":1}]', /range 0 of the nodes has no "base"/],
  ])('refuses the nodes %s', (nodes, sentence) => {
    const parse = (): unknown => parseJsonMap(`{"entries":[],"nodes":${nodes}}`, 'box.json');
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(sentence);
  });

  it('reads a bare list and a byte order mark', () => {
    expect(parseJsonMap('\uFEFF[]', 'x').entries).toEqual([]);
  });

  it.each([
    ['{"base":1048576,"size":4096,"type":"reserved"}', mapEntry(0x100000n, 4096n, 2)],
    [
      '{"base":"0xFFFFFFFFFFFFFFFF","size":"0x1","type":4294967295}',
      mapEntry((1n << 64n) - 1n, 1n, 0xffffffff),
    ],
    ['{"base":"0x0","size":"64K","type":"nvs"}', mapEntry(0n, 65536n, 4)],
    ['{"base":"0x0","size":"1.5GiB","type":"pmem"}', mapEntry(0n, 1610612736n, 7)],
    ['{"base":"0x0","size":"0x10","type":"ACPI NVS"}', mapEntry(0n, 16n, 4)],
    ['{"base":"0x0","size":"0x10","type":"type 9"}', mapEntry(0n, 16n, 9)],
    [
      '{"base":"0x0","size":"0x10","type":1,"attributes":0}',
      { ...mapEntry(0n, 16n, 1), attributes: 0 },
    ],
  ])('reads %s', (text, entry) => {
    expect(parseEntry(text)).toEqual(entry);
  });

  it.each([
    [
      '{"base":"100000","size":"0x1000","type":1}',
      /entry 0 has the "base" "100000", which may be hexadecimal or decimal; write "0x100000"/,
    ],
    ['{"base":"9fc00","size":"0x400","type":2}', /entry 0 has the "base" "9fc00"/],
    ['{"base":"0x0","size":"9fc00","type":2}', /entry 0 has the "size" "9fc00"/],
    [
      '{"base":"0x0","size":"10B","type":2}',
      /entry 0 has the "size" "10B", which may be hexadecimal/,
    ],
    ['{"base":"0x0","length":"7ff","type":2}', /entry 0 has the "length" "7ff"/],
    [
      '{"base":9007199254740993,"size":"0x1","type":1}',
      /entry 0 has the "base" 9007199254740992, which JSON numbers cannot hold exactly/,
    ],
    ['{"base":-1,"size":"0x1","type":1}', /"base" -1, which is no address/],
    ['{"base":1.5,"size":"0x1","type":1}', /"base" 1.5/],
    ['{"base":null,"size":"0x1","type":1}', /"base" null/],
    ['{"base":"","size":"0x1","type":1}', /"base" ""/],
    ['{"base":"0x","size":"0x1","type":1}', /"base" "0x"/],
    ['{"base":"0x10000000000000000","size":"0x1","type":1}', /exceeds 64 bits/],
    ['{"base":"0x0","size":"16E","type":1}', /may be hexadecimal/],
    ['{"base":"0x0","size":"16EiB","type":1}', /exceeds 64 bits/],
    ['{"base":"0x0","size":"8X","type":1}', /entry 0: size '8X' has the unknown unit 'X'/],
    ['{"base":"0x0","size":"0x1"}', /entry 0 has no "type"/],
    ['{"base":"0x0","type":1}', /entry 0 has no "size"/],
    ['{"size":"0x0","type":1}', /entry 0 has no "base"/],
    ['{"base":"0x0","size":"0x1","length":"0x1","type":1}', /both "size" and "length"/],
    ['{"base":"0x0","end":"0x1","type":1}', /has "end"/],
    ['{"base":"0x0","size":"0x1","type":"usabel"}', /unknown type 'usabel'.*did you mean 'usable'/],
    ['{"base":"0x0","size":"0x1","type":-1}', /"type" -1/],
    ['{"base":"0x0","size":"0x1","type":4294967296}', /"type" 4294967296/],
    ['{"base":"0x0","size":"0x1","type":1,"attributes":"x"}', /"attributes" "x"/],
    [
      '{"base":"0x0","size":"0x1","type":1,"atributes":0}',
      /entry 0 has the unknown key "atributes"; did you mean 'attributes'\?$/,
    ],
    ['{"Base":"0x0","size":"0x1","type":1}', /unknown key "Base"; did you mean 'base'/],
    ['7', /entry 0 is not an object/],
    ['{"base":"0x0","size":"0x1","type":1},{}', /entry 1 has no "base"/],
  ])('refuses %s, naming file, entry and value', (text, message) => {
    expect(() => parseEntry(text)).toThrow(ConfigurationError);
    expect(() => parseEntry(text)).toThrow(message);
    expect(() => parseEntry(text)).toThrow(/^box\.json: entry/);
  });

  it.each([
    ['{', /^box\.json is not JSON: /],
    ['{"entries":[{"base":0x0}]}', /^box\.json is not JSON: /],
    ['{"entries":3}', /"entries" is not a list/],
    ['{}', /"entries" is not a list/],
    ['{"entries":[],"node":[]}', /^box\.json has the unknown key "node"; did you mean 'nodes'\?$/],
    [
      '{"entries":[],"nodes":[{"node":0,"base":0,"size":1,"lenght":1}]}',
      /^box\.json: range 0 of the nodes has the unknown key "lenght"; did you mean 'length'/,
    ],
    ['3', /is no memory map/],
    ['null', /is no memory map/],
  ])('refuses the document %s', (text, message) => {
    expect(() => parseJsonMap(text, 'box.json')).toThrow(ConfigurationError);
    expect(() => parseJsonMap(text, 'box.json')).toThrow(message);
  });
});

describe('formatJsonMap', () => {
  it('writes base and size as hexadecimal strings and types as words where there is one', () => {
    const entries = [mapEntry(0x100000n, 0x7f00000n, 1), mapEntry(0n, 0n, 20)];
    expect(JSON.parse(formatJsonMap({ name: 'box', entries }))).toEqual({
      name: 'box',
      entries: [
        { base: '0x100000', size: '0x7f00000', type: 'usable' },
        { base: '0x0', size: '0x0', type: 20 },
      ],
    });
  });

  it('writes an empty map', () => {
    expect(JSON.parse(formatJsonMap({ name: 'x', entries: [] }))).toEqual({
      name: 'x',
      entries: [],
    });
  });
});
