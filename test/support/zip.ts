/** A ZIP file of a folder, uncompressed: what Firefox installs an extension from. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';

export async function zip(folder: string, file: string): Promise<void> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries.filter((each) => each.isFile())) {
    const from = path.join(entry.parentPath, entry.name);
    const content = await fs.readFile(from);
    const name = Buffer.from(path.relative(folder, from).replaceAll(path.sep, '/'));
    const fields = fieldsOf(content, name);
    directory.push(centralHeader(fields, offset), name);
    const local = [Buffer.concat([number(0x04034b50, 4), fields]), name, content];
    locals.push(...local);
    offset += Buffer.concat(local).length;
  }
  const central = Buffer.concat(directory);
  await fs.writeFile(
    file,
    Buffer.concat([...locals, central, end(directory.length / 2, central.length, offset)]),
  );
}

/** What the header before a file and the one in the directory have in common: stored, of 1980-01-01. */
function fieldsOf(content: Buffer, name: Buffer): Buffer {
  const { length } = content;
  return Buffer.concat([
    ...[20, 0, 0, 0, 0x21].map((value) => number(value, 2)),
    ...[crc32(content), length, length].map((value) => number(value, 4)),
    ...[name.length, 0].map((value) => number(value, 2)),
  ]);
}

function centralHeader(fields: Buffer, offset: number): Buffer {
  const before = [number(0x02014b50, 4), number(20, 2)];
  const after = [number(0, 2), number(0, 2), number(0, 2), number(0, 4), number(offset, 4)];
  return Buffer.concat([...before, fields, ...after]);
}

function end(count: number, size: number, offset: number): Buffer {
  const counts = [0, 0, count, count].map((value) => number(value, 2));
  return Buffer.concat([number(0x06054b50, 4), ...counts, number(size, 4), number(offset, 4), number(0, 2)]);
}

function number(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}
