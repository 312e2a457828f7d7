/** An initial RAM disk: a cpio archive in the "newc" format. [Linux, Documentation/driver-api/early-userspace/buffer-format.rst] */

export interface ArchiveFile {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}

export const DIRECTORY = 0o040755;
export const PROGRAM = 0o100755;
export const LINK = 0o120777;

const END = 'TRAILER!!!';

export function archive(files: readonly ArchiveFile[]): Uint8Array {
  const end = { path: END, mode: 0, bytes: new Uint8Array(0) };
  return Buffer.concat([...files, end].map((file, index) => record(file, index + 1)));
}

function record({ path, mode, bytes }: ArchiveFile, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, bytes.byteLength, 0, 0, 0, 0, name.byteLength, 0];
  const words = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([
    padded(Buffer.concat([Buffer.from(`070701${words}`), name])),
    padded(bytes),
  ]);
}

/** To a multiple of four bytes. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.byteLength & 3)]);
}
