/**
 * ACPI tables for the kernel to read, written by the specification (ACPI 6.5, "ACPI Software Programming Model") and
 * not by the machine's own builder.
 */
export interface MemoryAffinity {
  readonly domain: number;
  readonly base: bigint;
  readonly length: bigint;
  /** Bit 0: enabled. */
  readonly flags?: number;
}

/** Little-endian fields one behind the other. */
export function fields(
  ...values: readonly (readonly [bits: 8 | 16 | 32 | 64, value: bigint])[]
): Uint8Array {
  const bytes: number[] = [];
  for (const [bits, value] of values) {
    for (let bit = 0n; bit < BigInt(bits); bit += 8n) bytes.push(Number((value >> bit) & 0xffn));
  }
  return Uint8Array.from(bytes);
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Makes the first `count` bytes add up to 0 by the one at `offset`. */
export function summed(bytes: Uint8Array, offset: number, count = bytes.length): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[offset] = 0;
  let sum = 0;
  for (let index = 0; index < count; index++) sum += copy[index] ?? 0;
  copy[offset] = -sum & 0xff;
  return copy;
}

export function table(signature: string, revision: number, body: Uint8Array): Uint8Array {
  const header = joined(
    ascii(signature),
    fields([32, BigInt(36 + body.length)], [8, BigInt(revision)], [8, 0n]),
    ascii('TEST  TESTTABL'),
    fields([32, 1n], [32, 1n], [32, 1n]),
  );
  return summed(joined(header, body), 9);
}

export function memoryAffinity({ domain, base, length, flags = 1 }: MemoryAffinity): Uint8Array {
  return fields(
    [8, 1n],
    [8, 40n],
    [32, BigInt(domain)],
    [16, 0n],
    [64, base],
    [64, length],
    [32, 0n],
    [32, BigInt(flags)],
    [64, 0n],
  );
}

export function sratTable(entries: readonly MemoryAffinity[], revision = 3): Uint8Array {
  return table('SRAT', revision, joined(new Uint8Array(12), ...entries.map(memoryAffinity)));
}

export function slitTable(rows: readonly (readonly number[])[]): Uint8Array {
  return table('SLIT', 1, joined(fields([64, BigInt(rows.length)]), Uint8Array.from(rows.flat())));
}

/** RSDP, XSDT and the tables behind one another, to be written at `address`: the RSDP comes first. */
export function tablesAt(address: bigint, tables: readonly Uint8Array[]): Uint8Array {
  const RSDP_BYTES = 64;
  const rootBytes = 36 + 8 * tables.length;
  let at = address + BigInt(RSDP_BYTES + rootBytes);
  const addresses = tables.map((bytes): readonly [64, bigint] => {
    const place = at;
    at += BigInt(bytes.length);
    return [64, place];
  });
  const root = table('XSDT', 1, fields(...addresses));
  const rsdp = joined(
    ascii('RSD PTR '),
    fields([8, 0n]),
    ascii('TEST  '),
    fields([8, 2n], [32, 0n], [32, 36n], [64, address + BigInt(RSDP_BYTES)], [32, 0n]),
    new Uint8Array(RSDP_BYTES - 36),
  );
  return joined(summed(summed(rsdp, 8, 20), 32, 36), root, ...tables);
}
