/**
 * Exceptions by vector.
 * Source: SDM Vol. 3, "Exception and Interrupt Vectors".
 */

export interface Exception {
  readonly vector: number;
  readonly mnemonic: string;
  readonly description: string;
  readonly kind: 'fault' | 'trap' | 'fault/trap' | 'abort' | 'interrupt';
  /** An error code is pushed (outside real-address mode). */
  readonly errorCode: boolean;
}

/** The error code that means "none" in FAULT_ERROR_CODE and in `Op.Raise`. */
export const NO_ERROR_CODE = 0x8000_0000;

export const VECTOR_DE = 0;
export const VECTOR_UD = 6;
export const VECTOR_SS = 12;
export const VECTOR_GP = 13;
export const VECTOR_PF = 14;

function row(
  vector: number,
  mnemonic: string,
  description: string,
  kind: Exception['kind'],
  errorCode = false,
): Exception {
  return { vector, mnemonic, description, kind, errorCode };
}

export const EXCEPTIONS: readonly Exception[] = [
  row(0, '#DE', 'Divide Error', 'fault'),
  row(1, '#DB', 'Debug Exception', 'fault/trap'),
  row(2, 'NMI', 'NMI Interrupt', 'interrupt'),
  row(3, '#BP', 'Breakpoint', 'trap'),
  row(4, '#OF', 'Overflow', 'trap'),
  row(5, '#BR', 'BOUND Range Exceeded', 'fault'),
  row(6, '#UD', 'Invalid Opcode', 'fault'),
  row(7, '#NM', 'Device Not Available', 'fault'),
  row(8, '#DF', 'Double Fault', 'abort', true),
  row(10, '#TS', 'Invalid TSS', 'fault', true),
  row(11, '#NP', 'Segment Not Present', 'fault', true),
  row(12, '#SS', 'Stack-Segment Fault', 'fault', true),
  row(13, '#GP', 'General Protection', 'fault', true),
  row(14, '#PF', 'Page Fault', 'fault', true),
  row(16, '#MF', 'x87 FPU Floating-Point Error', 'fault'),
  row(17, '#AC', 'Alignment Check', 'fault', true),
  row(18, '#MC', 'Machine Check', 'abort'),
  row(19, '#XM', 'SIMD Floating-Point Exception', 'fault'),
  row(20, '#VE', 'Virtualization Exception', 'fault'),
  row(21, '#CP', 'Control Protection Exception', 'fault', true),
];

/** `'#PF'` for 14; `'vector 32'` where the SDM gives no mnemonic. */
export function exceptionMnemonic(vector: number): string {
  return (
    EXCEPTIONS.find((exception) => exception.vector === vector)?.mnemonic ?? `vector ${vector}`
  );
}
