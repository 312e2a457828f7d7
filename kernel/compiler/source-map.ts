/**
 * Source map of a WebAssembly module: byte offsets in the module to guest source lines.
 * Source: Source Map specification (ECMA-426) "Mappings structure"; the "generated column" is the byte offset.
 */
import type { SourceLocation } from './compile-error.js';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

interface SourceMapJson {
  readonly sources: readonly string[];
  readonly mappings: string;
}

/** Sorted mapping points; a byte belongs to the nearest point at or before it. */
export class SourceMap {
  private readonly offsets: number[] = [];
  private readonly locations: (SourceLocation | undefined)[] = [];

  constructor(json: string) {
    const map = JSON.parse(json) as SourceMapJson;
    let [offset, source, line, column] = [0, 0, 0, 0];
    for (const segment of map.mappings.split(',')) {
      if (segment === '') continue;
      const fields = decodeVlq(segment);
      offset += fields[0] ?? 0;
      this.offsets.push(offset);
      if (fields.length < 4) {
        this.locations.push(undefined);
        continue;
      }
      source += fields[1] ?? 0;
      line += fields[2] ?? 0;
      column += fields[3] ?? 0;
      this.locations.push({ file: map.sources[source] ?? '?', line: line + 1, column });
    }
  }

  locate(offset: number): SourceLocation | undefined {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.offsets[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return this.locations[low - 1];
  }
}

/** Base-64 variable-length quantities: 5 bits a digit, lowest first, the sign in the lowest bit. */
function decodeVlq(segment: string): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = BASE64.indexOf(character);
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit & 32) continue;
    values.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return values;
}
