/**
 * The rules in the browser and `decide` are two tellings of where requests go: both are asked about the same ones. The
 * rules know no tokens: what they take home has none, what they leave where it was sent keeps the page's. The page worker
 * asks `decide` itself.
 */
import { describe, expect, it } from 'vitest';
import { mediaOf } from '../../src/core/media.ts';
import { placeOf } from '../../src/core/place.ts';
import type { Form } from '../support/browser.ts';
import { askByImages, askInWorker, open, type Stage } from './differential-asking.ts';
import { differenceOf, differences, pictures, requests, type By } from './differential-requests.ts';
import { kinds, useLab } from './lab.ts';

const bases = [
  ['portal and homeserver at the root', {}],
  ['portal and homeserver below a path', { portal: { prefix: '/p' }, home: { prefix: '/hs1' } }],
] as const;

/** Where each should arrive, and in which rows the rules are not meant to do as `decide`. */
function compare(form: Form, stage: Stage, rows: readonly string[], by: By, hasPath: boolean) {
  const decided = stage.decided(rows, by === 'worker');
  const differs = (row: string) => differenceOf(form, row, by, hasPath);
  const expected = rows.map((row, index) => {
    const difference = differs(row);
    return difference ? stage.written(row, difference.is, by === 'worker') : decided[index];
  });
  const differing = rows.filter(differs);
  const needless = differing.filter((row) => expected[rows.indexOf(row)] === decided[rows.indexOf(row)]);
  return { expected: expected.map((arrival, index) => `${rows[index]} -> ${arrival}`), needless };
}

/** A file, and nowhere that the rules leave alone on purpose. */
function isFile(row: string): boolean {
  if (/^(other |home .*\/client\/v1\/|.*#)/.test(row)) return false;
  const place = placeOf(new URL(`http://host${row.replace(/^\w+ /, '')}`));
  return !!place && !!mediaOf(place.rest)?.isFile;
}

describe.each(kinds)('%s', ({ engine, form }) => {
  describe.each(bases)('%s', (_name, options) => {
    const lab = useLab(engine, { form });
    const hasPath = 'portal' in options;

    it('what a worker asks for goes where the hook would send it', async () => {
      const stage = await open(lab, options);
      const rows = requests();
      const { expected, needless } = compare(form, stage, rows, 'worker', hasPath);
      const found = await stage.asked(rows, askInWorker);
      expect(found.map((arrival, index) => `${rows[index]} -> ${arrival}`)).toEqual(expected);
      expect(needless).toEqual([]);
      expect(found.filter((arrival) => arrival.startsWith('home ')).length).toBeGreaterThan(60);
    });

    it('pictures go where the hook would send them, files with the token', async () => {
      const stage = await open(lab, options);
      const rows = pictures();
      const { expected, needless } = compare(form, stage, rows, 'images', hasPath);
      const found = await stage.asked(rows, askByImages);
      expect(found.map((arrival, index) => `${rows[index]} -> ${arrival}`)).toEqual(expected);
      expect(needless).toEqual([]);
      const withToken = rows.filter((_row, index) => found[index]?.endsWith(' token'));
      if (form === 'extension') expect(withToken).toEqual(rows.filter(isFile));
      expect(withToken.length).toBeGreaterThan(15);
    });
  });
});

it('every difference is one of some request', () => {
  const all = [requests(), pictures()].flat();
  expect(differences.filter(({ rows }) => !all.some((row) => rows.test(row)))).toEqual([]);
});
