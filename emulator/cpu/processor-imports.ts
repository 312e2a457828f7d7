/** What the core asks of the host, answered by the decoder and by the machine around the processor. */
import { MSR_REFUSED, PAGE_USE_SHIFT, TraceKind } from '../isa/state-layout.js';
import type { BlockDescriber } from '../isa/decoded-instruction.js';
import type { CoreImports } from './core-module.js';
import { BlockDecoder, type CodeBreakpoints } from './decoder/block-decoder.js';
import type { LinearMemory } from './linear-memory.js';
import type { DeviceWidthBytes, ProcessorHost } from './processor-options.js';
import { describeTraceEvent } from './processor-trace.js';

const USE_SHIFT = BigInt(PAGE_USE_SHIFT);
const PAGE_NUMBER = (1n << USE_SHIFT) - 1n;
const ONES = 0xffff_ffff_ffff_ffffn;

export function coreImports(
  host: ProcessorHost,
  memory: LinearMemory,
  describer: BlockDescriber | null,
  breakpoints: CodeBreakpoints,
): CoreImports {
  const decoder = new BlockDecoder(memory, describer, breakpoints);
  const unsigned = (word: bigint): bigint => BigInt.asUintN(64, word);
  const refuse = (): bigint => {
    memory.setU32(MSR_REFUSED, 1);
    return 0n;
  };
  return {
    portIn: (port, widthBytes) => host.portIn(port, widthBytes as 1 | 2 | 4),
    portOut: (port, widthBytes, value) => host.portOut(port, widthBytes as 1 | 2 | 4, value >>> 0),
    deviceRead: (address, bytes) =>
      host.deviceRead?.(unsigned(address), bytes as DeviceWidthBytes) ?? ONES,
    deviceWrite: (address, bytes, value) =>
      host.deviceWrite?.(
        unsigned(address),
        bytes as DeviceWidthBytes,
        BigInt.asUintN(8 * bytes, value),
      ),
    platformRead: (msr) => host.platformRead?.(msr >>> 0) ?? refuse(),
    platformWrite: (msr, value) => {
      if (host.platformWrite?.(msr >>> 0, unsigned(value)) !== true) refuse();
    },
    writeTaskPriority: (taskPriorityClass) => host.writeTaskPriority?.(taskPriorityClass),
    decode: () => decoder.decode(),
    timeStamp: () => host.timeStamp(),
    accessed: (address, bytes, what) => host.accessed?.(address, bytes, what),
    trace: (kind, a, b) => {
      if (kind === (TraceKind.PageUsed as number)) {
        host.pageUsed?.(Number(a >> USE_SHIFT), Number(a & PAGE_NUMBER), Number(b));
        return;
      }
      const event = describeTraceEvent(kind, unsigned(a), unsigned(b));
      host.trace(event.category, event.message, event.values);
    },
  };
}
