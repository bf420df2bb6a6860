import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { families, familyIn } from '../../../src/models/families.ts';
import { hardStrings } from '../../data/tokenizer/hard-strings.ts';
import { fixturePath, readDocument } from '../../witness/fixtures.ts';

/** Hashes, three bytes a line, of the ids that transformers gives the lines: alone or each with the next. */
interface Hashes {
  readonly room: number;
  readonly pairs: boolean;
  readonly ids: string;
}

const { texts, ...byFamily } = await readDocument<{ texts: string[] } & Record<string, Hashes[]>>('encoder-ids');
const lines = [...texts, ...hardStrings(500 - texts.length, 3)];

it('every encoder is tried', () => {
  const encoders = Object.keys(families).filter(name => !name.endsWith('t5'));
  assert.deepEqual(Object.keys(byFamily).toSorted(), encoders.toSorted());
});

for (const [name, all] of Object.entries(byFamily)) {
  it(`${name}: ids of ${lines.length} lines are those of transformers, alone and in pairs, whole and cut`, async () => {
    const folder = fixturePath(`tiny-${name}`);
    const { family, config } = await familyIn(folder);
    const codecOf = await family.openCodecs(folder, config);
    for (const { room, pairs, ids } of all) {
      const { read } = codecOf({ labels: ['no', 'yes'] }, { maxLength: room });
      const expected = Buffer.from(ids, 'base64');
      let cuts = 0;
      const wrong = lines.flatMap((line, i) => {
        const segments = [line, ...(pairs ? [lines[(i + 1) % lines.length]!] : [])];
        const { input, cut } = read(segments.map(text => ({ name: 'text', text })));
        cuts += cut;
        const hash = createHash('sha256').update(input.ids.join(' ')).digest().subarray(0, 3);
        return hash.equals(expected.subarray(3 * i, 3 * i + 3)) ? [] : [`${i} ${JSON.stringify(line)}: ${input.ids}`];
      });
      assert.equal(wrong.length, 0, `${wrong.length} in ${room}, pairs ${pairs}:\n${wrong.slice(0, 4).join('\n')}`);
      assert.ok(cuts > 0);
    }
  });
}
