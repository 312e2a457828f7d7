/**
 * Runs the same functions twice: compiled to x86-64 on the host's processor, and as the WebAssembly module that the
 * compiler started from, in Node. The second knows nothing of this compiler.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, type Compilation } from '../compile.js';

/** Where the image lies in the host process: above a small program, below 2 GiB. */
const BASE_ADDRESS = 0x1000000;
const MEMORY_PAGES = 0x1200000 / 65536;
const CODE_ROOM_BYTES = 0x100000;
const IMAGE_ROOM_BYTES = 0x400000;

const testingDir = fileURLToPath(new URL('.', import.meta.url)).replace('/dist/', '/');

export interface FunctionCall {
  readonly name: string;
  readonly args: readonly bigint[];
}

export interface Outcome {
  /** Results in hexadecimal, or `trap`; the last line is a hash of the static data. */
  readonly native: readonly string[];
  readonly wasm: readonly string[];
  /** `name(arguments)` of each line. */
  readonly titles: readonly string[];
}

/** Whether this host can run compiled code: an x86-64 processor and gcc. */
export function canRunNatively(): boolean {
  if (process.arch !== 'x64') return false;
  return spawnSync('gcc', ['--version']).status === 0;
}

/** Compiles several programs, by file name, as one module that exports everything they export. */
export function compilePrograms(sources: Readonly<Record<string, string>>): Compilation {
  const names = Object.keys(sources);
  const entry = names.map((name) => `export * from './${name}';`).join('\n');
  return compile({
    readSource: (path) =>
      path === 'all.ts' ? entry : (sources[path.replace(/\.ts$/, '')] ?? null),
    entryFile: 'all.ts',
    baseAddress: BASE_ADDRESS,
    isBootable: false,
    memoryPages: MEMORY_PAGES,
    codeRoomBytes: CODE_ROOM_BYTES,
  });
}

/** Compiles one program, an entry file named `program.ts`. */
export function compileProgram(source: string): Compilation {
  return compile({
    readSource: (path) => (path === 'program.ts' ? source : null),
    entryFile: 'program.ts',
    baseAddress: BASE_ADDRESS,
    isBootable: false,
    memoryPages: MEMORY_PAGES,
    codeRoomBytes: CODE_ROOM_BYTES,
  });
}

/** A folder with the harness built in it. */
export class DifferentialRunner {
  private readonly folder = mkdtempSync(join(tmpdir(), 'kernel-compiler-'));
  private readonly harness = join(this.folder, 'native-harness');

  constructor() {
    const source = join(testingDir, 'native-harness.c');
    execFileSync('gcc', ['-O1', '-o', this.harness, source]);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }

  run(compilation: Compilation, calls: readonly FunctionCall[]): Outcome {
    const { image, module, frontend } = compilation;
    const typed = calls.map((call) => {
      const func = module.functions[module.exports.get(call.name) ?? -1];
      if (func === undefined) throw new Error(`the program does not export ${call.name}`);
      return { ...call, params: func.type.params, result: func.type.results[0] };
    });
    const hash: [number, number] = [image.data.address, frontend.staticEnd - image.data.address];
    return {
      native: this.runNative(compilation, typed, hash),
      wasm: runWasm(frontend.wasm, typed, hash),
      titles: [
        ...calls.map(({ name, args }) => `${name}(${args.map((arg) => hex(arg)).join(', ')})`),
        'memory',
      ],
    };
  }

  private runNative(
    { image }: Compilation,
    calls: readonly TypedCall[],
    hash: readonly [number, number],
  ): string[] {
    const file = join(this.folder, 'image.bin');
    const bytes = new Uint8Array(IMAGE_ROOM_BYTES);
    for (const section of [image.text, image.rodata, image.data]) {
      bytes.set(section.bytes, section.address - BASE_ADDRESS);
    }
    writeFileSync(file, bytes);
    const commands = calls.map(({ name, args, params }) => {
      // The upper half of a 32-bit argument is undefined: make it anything but zero.
      const words = args.map((arg, index) =>
        params[index] === 'i32' ? BigInt.asUintN(32, arg) | 0xdeadbeef00000000n : arg,
      );
      return `call ${image.addressOf(name).toString(16)} ${words.map(hex).join(' ')}`;
    });
    commands.push(`hash ${hash.map((value) => value.toString(16)).join(' ')}`);
    const range = [BASE_ADDRESS.toString(16), IMAGE_ROOM_BYTES.toString(16)];
    const output = runProcess(this.harness, [file, ...range], `${commands.join('\n')}\n`);
    return output.map((line, index) => masked(line, calls[index]));
  }
}

/** Lines that a program prints; a failure names the program without repeating what it printed. */
function runProcess(program: string, args: readonly string[], input: string): string[] {
  const options = { input, encoding: 'utf8', timeout: 20_000, maxBuffer: 1 << 28 } as const;
  const { status, signal, stdout, stderr } = spawnSync(program, args, options);
  if (status !== 0) {
    const lines = stdout.trimEnd().split('\n').length;
    throw new Error(`${program} ended with ${status ?? signal} after ${lines} lines: ${stderr}`);
  }
  return stdout.trimEnd().split('\n');
}

interface TypedCall extends FunctionCall {
  readonly params: readonly string[];
  readonly result: string | undefined;
}

const hex = (value: bigint): string => BigInt.asUintN(64, value).toString(16);

/** What the result type says of RAX. */
function masked(line: string, call: TypedCall | undefined): string {
  if (call === undefined || !/^[0-9a-f]{16}$/.test(line)) return line;
  if (call.result === undefined) return 'void';
  return call.result === 'i64' ? line : `00000000${line.slice(8)}`;
}

function runWasm(
  wasm: Uint8Array,
  calls: readonly TypedCall[],
  hash: readonly [number, number],
): string[] {
  const request = {
    wasm: Buffer.from(wasm).toString('base64'),
    calls: calls.map((call) => ({ ...call, args: call.args.map(hex) })),
    hash,
  };
  const runner = join(testingDir, 'wasm-runner.mjs');
  const args = ['--experimental-wasm-memory64', runner];
  return runProcess(process.execPath, args, JSON.stringify(request));
}
