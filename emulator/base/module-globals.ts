/** What a WebAssembly module keeps between calls besides its memory: the build exports each of its variables (scripts/build-core.ts). */
import { assert } from './assert.js';
import type { WasmGlobal } from './web-assembly.js';

const PREFIX = 'state:';

/** By name; a number of 64 bits is decimal text. */
export type ModuleGlobalValues = Readonly<Record<string, number | string>>;

export class ModuleGlobals {
  private readonly globals: ReadonlyMap<string, WasmGlobal>;

  constructor(exports: Readonly<Record<string, unknown>>) {
    const own = Object.entries(exports).filter(([name]) => name.startsWith(PREFIX));
    this.globals = new Map(
      own.map(([name, global]) => [name.slice(PREFIX.length), global as WasmGlobal]),
    );
    assert(this.globals.size > 0, 'a module whose variables are not exported');
  }

  snapshot(): ModuleGlobalValues {
    const values = [...this.globals].map(([name, { value }]): [string, number | string] => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ]);
    return Object.fromEntries(values);
  }

  restore(values: ModuleGlobalValues): void {
    for (const [name, global] of this.globals) {
      const value = values[name];
      assert(value !== undefined, `a snapshot without ${name}`);
      global.value = typeof global.value === 'bigint' ? BigInt(value) : Number(value);
    }
  }
}
