import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createArena } from '../../../src/runtime/memory/arena.ts';

const MIB = 2 ** 20;

describe('the arena', () => {
  it('counts what was written to, not what was set aside', () => {
    const arena = createArena();
    arena.allocate(1000);
    assert.equal(arena.residentBytes(), 1000);
    arena.allocate(5 * MIB);
    assert.equal(arena.residentBytes(), 1000 + 5 * MIB);
  });

  it('gives a freed piece again and nothing back', () => {
    const arena = createArena();
    const first = arena.allocate(3 * MIB);
    arena.free(first);
    arena.allocate(2 * MIB);
    assert.equal(arena.residentBytes(), 3 * MIB);
  });

  it('joins free neighbours', () => {
    const arena = createArena();
    const [a, b] = [arena.allocate(MIB / 4), arena.allocate(MIB / 4)];
    arena.allocate(MIB / 4);
    arena.free(a);
    arena.free(b);
    arena.allocate(MIB / 2);
    assert.equal(arena.residentBytes(), (3 * MIB) / 4);
  });

  it('takes the smallest piece that fits', () => {
    const arena = createArena();
    const [small, large] = [arena.allocate(1024), arena.allocate(8192)];
    arena.allocate(256);
    arena.free(large);
    arena.free(small);
    arena.allocate(1024);
    // The large one is still whole.
    arena.allocate(8192);
    assert.equal(arena.residentBytes(), 1024 + 8192 + 256);
  });

  it('never holds less than what is in use, nor more than all that was asked for', () => {
    const requests = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 4 * MIB }), frees: fc.nat(3) }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(requests, list => {
        const arena = createArena();
        const live: { bytes: number; allocation: ReturnType<typeof arena.allocate> }[] = [];
        let asked = 0;
        let before = 0;
        for (const { bytes, frees } of list) {
          live.push({ bytes, allocation: arena.allocate(bytes) });
          asked += bytes;
          const inUse = live.reduce((sum, each) => sum + each.bytes, 0);
          const resident = arena.residentBytes();
          assert.ok(resident >= inUse && resident <= asked && resident >= before);
          before = resident;
          for (const { allocation } of live.splice(0, frees)) arena.free(allocation);
        }
      }),
    );
  });
});
