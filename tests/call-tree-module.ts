/** emulator/timing/engine/call-tree.ts as a module of its own, with memory of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { webAssembly, type WasmMemory } from '../emulator/base/web-assembly.js';
import { readCallTree, type CallTree } from '../emulator/timing/call-tree-reader.js';
import type { StackObserver } from '../emulator/timing/timing-engine.js';
import { projectRoot } from './cli/s7x.js';

const REGION = 0x10000;

interface Exports {
  readonly memory: WasmMemory;
  callTreeStart(base: number, bytes: number): void;
  callTreeObserve(): void;
  callTreeFunction(address: bigint, isRoot: number): void;
  callTreeCharge(cycles: bigint, instructions: number): void;
  callTreeEnter(target: bigint, returnAddress: bigint): void;
  callTreeInterrupt(vector: number): void;
  callTreeReturn(target: bigint): void;
  callTreeInterruptReturn(target: bigint): void;
  callTreeJump(target: bigint): void;
}

async function compile(): Promise<object> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const said: string[] = [];
  const { error } = await asc.main(
    ['timing/engine/call-tree.ts', '--baseDir', join(projectRoot, 'emulator')].concat(
      ['--runtime', 'stub', '--outFile', 'out.wasm', '--optimizeLevel', '1'],
      ['--initialMemory', '64', '--disableWarning', '235'],
    ),
    {
      readFile: (name, folder) => {
        try {
          return readFileSync(join(folder, name), 'utf8');
        } catch {
          return null; // the compiler tries several paths for each import
        }
      },
      writeFile: (name, contents) => {
        if (name === 'out.wasm') binary = Uint8Array.from(contents as Uint8Array);
      },
      listFiles: () => [],
      stdout: { write: () => undefined },
      stderr: { write: (text) => void said.push(String(text)) },
    },
  );
  if (error || binary === undefined) throw new Error(`call-tree.ts: ${said.join('')}`);
  return new webAssembly.Module(binary);
}

const compiled = compile();

/** A tree under construction, in `regionBytes` of memory. */
export async function callTree(regionBytes = 1 << 20): Promise<{
  readonly engine: Exports;
  readonly read: () => CallTree;
  /** What the host has heard, once it observes. */
  readonly changes: Parameters<StackObserver>[];
}> {
  const changes: Parameters<StackObserver>[] = [];
  const instance = new webAssembly.Instance(await compiled, {
    env: { abort: () => undefined },
    observer: {
      changed: (...change: Parameters<StackObserver>) => changes.push(change),
    },
  });
  const engine = instance.exports as unknown as Exports;
  engine.callTreeStart(REGION, regionBytes);
  const view = (): DataView => new DataView(engine.memory.buffer);
  const memory = {
    u32: (address: number) => view().getUint32(address, true),
    u64: (address: number) => view().getBigUint64(address, true),
  };
  return { engine, read: () => readCallTree(memory, REGION), changes };
}
