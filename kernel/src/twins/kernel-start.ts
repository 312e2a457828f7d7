import { bootInfoCheck } from '../boot-info';
import { openAllocators } from '../boot-layout';
import { reserveBootStructures } from '../boot-reservations';
import { bootOptionsRead } from '../boot-options';
import { printLine } from '../console';
import { protectImage } from '../image-protection';
import { interruptsInit } from '../interrupts';
import { haltForEver } from '../power';
import { processorInit, processorProtect } from '../processor';
import { ramInit } from '../ram';
import { serialDrain, serialInit } from '../serial';

/** How every bench kernel starts: as kmain.ts does, without its reports. */
export function start(startInfo: usize): void {
  serialInit();
  processorInit();
  interruptsInit();
  const info = bootInfoCheck(startInfo);
  bootOptionsRead(info);
  ramInit(info.memoryMap as usize, info.memoryMapEntries);
  reserveBootStructures(info);
  processorProtect();
  protectImage();
  openAllocators();
}

/** A harness may take the processor and call what the kernel exports. */
export function park(): void {
  printLine('parked');
  serialDrain();
  haltForEver();
}
