/** Small files of each kind that browsers show. */
import zlib from 'node:zlib';

/** A square in many colours; another `seed` makes another picture. */
export function png(size: number, seed: number): Buffer {
  return pngOf(size, size, (x, y) => [(x * 255) / size, (y * 255) / size, (seed * 67 + (x ^ y) * 3) & 255]);
}

/** @param colour red, green and blue of a point */
export function pngOf(width: number, height: number, colour: (x: number, y: number) => number[]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // eight bits each of red, green and blue
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (__, x) => colour(x, y)).flat(),
  ]);
  const parts = [
    chunk('IHDR', header),
    chunk('IDAT', zlib.deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(zlib.crc32(named));
  return Buffer.concat([length, named, check]);
}

const RATE = 8000;

/** A tone; one channel of 16 bits. */
export function wav(seconds: number): Buffer {
  const samples = RATE * seconds;
  const file = Buffer.alloc(44 + samples * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n++) {
    file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 440 * n) / RATE)), 44 + n * 2);
  }
  return file;
}

/** One second of WebM (VP8, no sound), 32 pixels square, as MediaRecorder in Chromium made it. */
export function webm(): Buffer {
  return Buffer.from(CLIP, 'base64');
}

const CLIP = [
  'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAATPEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZU',
  'rmtTrIGTTbuLU6uEH0O2dVOsgdRNu4xTq4QcU7trU6yCBL3srgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAVSalmoCrXsYMPQkBEiYREiSuuTYCGQ2hyb21lV0GGQ2hyb21lFlSua7yuuteBAXPFh1PqSvNJ0eKDgQFV7oEBhoVW',
  'X1ZQOOCdsIEguoEgU8CBAVWwkFWxgQFVuYECVbqBDVW7gQEfQ7Z1AQAAAAAAA93ngQCg46G4gQAAANACAJ0BKiAAIAACRwiFhYiZ',
  'hIgMggJ1qgP4AgghKZ5w/u3O3/6En4JPwSfun//CrcMQydB1oaampO6BAaWfMAIAnQEqIAAgAAcHCIWFiJmEiCYCAAeQ88nA/vBd',
  'AKDMoayBAGEA8QEACRCAABgM0M+Q25RwQ3sA/u921+GcsKlh9b/+oM+QZ8gz9Tr5QHWhmKaW7oEBpZGxAQAcETwAGAAYWC/0AAhw',
  'APuBAKDKoaqBAMUA0QEACRBUABgAHlf0DABBDgD+7qY//6gz5BnyDP1Uv/4s5GI7LwB1oZimlu6BAaWRsQEAHBEsABgAGFgv9AAI',
  'cAD7gWGgzKGsgQEpANEBAAkQRAAYAB5X9AwAQQ4A/vOk//jTHn4HoB3v/94z/cZ/uM/+RAB1oZimlu6BAaWRsQEAHBEcABgAGFgv',
  '9AAIcAD7gcWgzKGrgQGPANEBAAkQOAAYAB5X9AwAQQ4A/vAb3//aWfqWfqWf48v/8wSvyDdcgHWhmKaW7oEBpZGxAQAcEOwAGAAY',
  'WC/0AAhwAPuCASmgzqGtgQHxANEBAAkQMAAYAB5X9AwAQQ4A/vdZL/9dj/Dx/jYK//5Nl8my+TZf8k4AdaGYppbugQGlkbEBABwQ',
  '3AAYABhYL/QACHAA+4IBj6DPoa6BAlUA0QEACRAkABgAHlf0DABBDgD+899n/8Ka+FNfCmv+FNf/1OPycfk4/rKAdaGYppbugQGl',
  'kbEBABwQwAAYABhYL/QACHAA+4IB8aDMoauBArkA0QEACRB0FGAAeV/QMAEEOAD+8DhD9d42zDbdt//rgPzgPzgP5WAAdaGYppbu',
  'gQGlkbEBABwQiBRgAGFgv9AAIcAA+4ICVaDTobKBAx0A0QEACRAcABgAKlf0DAC1zAD+9uYH/+e0fntH57R/57R//Z3fp3fp3f3y',
  'GytqmHWhmKaW7oEBpZGxAQAcELQAGAAYWC/0AAhwAPuCArmgzqGtgQOBANEBAAkQGAAYAB5X9AwAQQ4A/vuwK//mCV+QbtQ//3QJ',
  '+6BP3QJ/7m0AdaGYppbugQGlkbEBABwQoAAYABhYL/QACHAA+4IDHaDRobCBA+UA0QEACRAQABgAHlf0DABBDgD++ZNv/+zy/s8v',
  '7PL/7PL//vgT7wJ94E/22AB1oZimlu6BAaWRsQEAHBCMABgAGFgv9AAIcAD7ggOBoNahtYEESQARAgAJEA0QAMBABqACNukgjQIA',
  '/v0+Av/1OPk4+Tj+vt//0sF9LBfSwX/pS4qym9uAdaGYppbugQGlkbEBABwQfAAYABhYL/QACHAA+4ID5RxTu2uNu4uzgQC3hveB',
  'AfGB1A==',
].join('');
