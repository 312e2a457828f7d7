/* global Buffer, WebAssembly, process */
/**
 * Runs functions of a module with 64-bit memory in Node: `node --experimental-wasm-memory64 wasm-runner.mjs`.
 * Standard input is JSON { wasm: base64, calls: [{ name, args: hexadecimal[], params: type[], result: type }], hash: [address, size] };
 * standard output is one line a call and one for the hash, in the form of native-harness.c.
 */
import { readFileSync } from 'node:fs';

const { wasm, calls, hash } = JSON.parse(readFileSync(0, 'utf8'));
const module = new WebAssembly.Module(Buffer.from(wasm, 'base64'));
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  imports[from] ??= {};
  imports[from][name] = () => {
    throw new WebAssembly.RuntimeError(`${name} was called`);
  };
}
const { exports } = new WebAssembly.Instance(module, imports);
const lines = calls.map(({ name, args, params, result }) => {
  const values = params.map((type, index) =>
    type === 'i64'
      ? BigInt.asIntN(64, BigInt(`0x${args[index]}`))
      : Number(BigInt.asIntN(32, BigInt(`0x${args[index]}`))),
  );
  try {
    const value = exports[name](...values);
    if (result === undefined) return 'void';
    return BigInt.asUintN(result === 'i64' ? 64 : 32, BigInt(value))
      .toString(16)
      .padStart(16, '0');
  } catch (error) {
    return error instanceof WebAssembly.RuntimeError ? 'trap' : String(error);
  }
});
const bytes = new Uint8Array(exports.memory.buffer, hash[0], hash[1]);
let value = 0xcbf29ce484222325n;
for (const byte of bytes) value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
lines.push(value.toString(16).padStart(16, '0'));
process.stdout.write(`${lines.join('\n')}\n`);
