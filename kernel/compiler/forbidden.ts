/**
 * What guest code may not do, found before optimisation, while every function still has its name.
 *
 * There is no managed heap: whatever would reach the runtime's allocator is refused at the place in the guest's own source
 * that asks for it. The same goes for instructions that the dialect lacks, such as floating point.
 */
import { CompileError, formatLocation, type SourceLocation } from './compile-error.js';
import { forEachInstruction } from './instruction-reader.js';
import type { ModuleFunction, WasmModule } from './module-reader.js';
import { OPCODE } from './wasm-opcodes.js';

const LIBRARY = '~lib/';
/** Entry points of the runtime's allocator. */
const ALLOCATORS: ReadonlySet<string> = new Set(
  ['__new', '__renew', '__alloc', '__realloc', '__collect'].map(
    (name) => `${LIBRARY}rt/stub/${name}`,
  ),
);

interface Call {
  readonly caller: ModuleFunction;
  readonly callee: number;
  readonly offset: number;
}

/** Throws CompileError with one line for each function of the guest that leaves the dialect. */
export function refuseForbidden(module: WasmModule): void {
  refuseManagedAllocation(module);
  for (const func of module.functions) {
    if (func.imported !== undefined || func.name.startsWith(LIBRARY)) continue;
    forEachInstruction(module, func, () => undefined);
  }
}

function refuseManagedAllocation(module: WasmModule): void {
  const allocating = new Set<number>();
  for (const func of module.functions) {
    if (ALLOCATORS.has(func.name)) allocating.add(func.index);
  }
  if (allocating.size === 0) return;
  const calls = allCalls(module);
  spreadThroughLibrary(calls, allocating);
  const refusals = new Map<ModuleFunction, string>();
  for (const call of calls) {
    const { caller } = call;
    if (!allocating.has(call.callee) || caller.name.startsWith(LIBRARY)) continue;
    if (!refusals.has(caller)) refusals.set(caller, refusal(module, call, calls));
  }
  if (refusals.size > 0) throw new CompileError([...refusals.values()].join('\n'));
}

function refusal(module: WasmModule, call: Call, calls: readonly Call[]): string {
  const { caller, callee } = call;
  const through = module.functions[callee]?.name ?? `function ${callee}`;
  const cause = through.startsWith(`${LIBRARY}rt/`) ? '' : `, through ${through}`;
  return `${formatLocation(placeOf(module, call, calls))}: function ${caller.name} allocates managed memory${cause}; guest code may not use new, array literals or string concatenation`;
}

/**
 * The line of a call; code that the compiler made up or inlined from its library has none of its own, and takes the
 * nearest line of its function or the line of that function's caller.
 */
function placeOf(
  module: WasmModule,
  { caller, offset }: Call,
  calls: readonly Call[],
): SourceLocation | undefined {
  for (let at = offset; at >= caller.codeStart; at--) {
    const location = guestLine(module, at);
    if (location !== undefined) return location;
  }
  for (let at = offset; at < caller.codeEnd; at++) {
    const location = guestLine(module, at);
    if (location !== undefined) return location;
  }
  const outer = calls.find((other) => other.callee === caller.index && other.caller !== caller);
  return outer === undefined ? undefined : module.locate(outer.offset);
}

/** The line of the guest's own source; none for what the compiler inlined from its library. */
function guestLine(module: WasmModule, offset: number): SourceLocation | undefined {
  const location = module.locate(offset);
  return location?.file.startsWith(LIBRARY) === true ? undefined : location;
}

/** A library function that calls an allocating one allocates too. */
function spreadThroughLibrary(calls: readonly Call[], allocating: Set<number>): void {
  for (let changed = true; changed;) {
    changed = false;
    for (const { caller, callee } of calls) {
      if (!allocating.has(callee) || allocating.has(caller.index)) continue;
      if (!caller.name.startsWith(LIBRARY)) continue;
      allocating.add(caller.index);
      changed = true;
    }
  }
}

/** Calls in the order of the code. Bodies outside the dialect are refused later. */
function allCalls(module: WasmModule): Call[] {
  const calls: Call[] = [];
  for (const caller of module.functions) {
    if (caller.imported !== undefined) continue;
    try {
      forEachInstruction(module, caller, ({ opcode, index, offset }) => {
        if (opcode === OPCODE.call) calls.push({ caller, callee: index, offset });
      });
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
    }
  }
  return calls;
}
