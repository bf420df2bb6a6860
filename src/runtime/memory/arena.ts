/** Sizes are rounded up to whole units. */
const UNIT = 256;
const FIRST_REGION = 1 << 20;
/** A chunk is not split where the rest would be less than its half and less than this. */
const MAX_DEAD = 128 * 2 ** 20;

/** A piece of a region; neighbours are linked so that free ones can be joined. */
interface Chunk {
  readonly region: Region;
  readonly start: number;
  size: number;
  inUse: boolean;
  previous: Chunk | undefined;
  next: Chunk | undefined;
}

interface Region {
  readonly index: number;
  /** Non-overlapping intervals [start, end) that were ever written to, in order. */
  touched: [number, number][];
}

/** Memory handed out by an arena. */
export type Allocation = { readonly chunk: unknown };

/** ONNX Runtime's CPU arena, without the memory: what it would hold, and what of that the system must back. */
export interface Arena {
  allocate(bytes: number): Allocation;
  free(allocation: Allocation): void;
  /** Bytes ever written to: the system backs no page before that, and the arena gives none back. */
  residentBytes(): number;
}

/**
 * The best-fit arena with coalescing that ONNX Runtime took over from TensorFlow: regions double in size, a request
 * gets the smallest free chunk that holds it, which is split where that leaves enough, and free neighbours are joined.
 */
export function createArena(): Arena {
  const free: Chunk[] = [];
  const regions: Region[] = [];
  let nextRegion = FIRST_REGION;

  const order = (a: Chunk, b: Chunk) => a.size - b.size || b.region.index - a.region.index || a.start - b.start;
  /** First place in `free` whose chunk is not before the given one. */
  const search = (isBefore: (chunk: Chunk) => boolean): number => {
    let [low, high] = [0, free.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(free[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const insert = (chunk: Chunk) =>
    free.splice(
      search(other => order(other, chunk) < 0),
      0,
      chunk,
    );
  const remove = (chunk: Chunk) =>
    free.splice(
      search(other => order(other, chunk) < 0),
      1,
    );

  function extend(bytes: number): void {
    const first = nextRegion;
    while (bytes > nextRegion) nextRegion *= 2;
    const region: Region = { index: regions.length, touched: [] };
    regions.push(region);
    insert({ region, start: 0, size: nextRegion, inUse: false, previous: undefined, next: undefined });
    if (nextRegion === first) nextRegion *= 2;
  }

  function split(chunk: Chunk, size: number): void {
    const { region, start, next } = chunk;
    const rest: Chunk = { region, start: start + size, size: chunk.size - size, inUse: false, previous: chunk, next };
    if (next) next.previous = rest;
    chunk.next = rest;
    chunk.size = size;
    insert(rest);
  }

  /** Joins the second of two free neighbours, neither of them listed, to the first. */
  function join(left: Chunk, right: Chunk): Chunk {
    left.size += right.size;
    left.next = right.next;
    if (right.next) right.next.previous = left;
    return left;
  }

  return {
    allocate(bytes) {
      const size = Math.ceil(Math.max(bytes, 1) / UNIT) * UNIT;
      const fits = () => search(chunk => chunk.size < size);
      if (fits() === free.length) extend(size);
      const [chunk] = free.splice(fits(), 1) as [Chunk];
      if (chunk.size >= 2 * size || chunk.size - size >= MAX_DEAD) split(chunk, size);
      chunk.inUse = true;
      touch(chunk.region, chunk.start, chunk.start + bytes);
      return { chunk };
    },
    free(allocation) {
      let chunk = allocation.chunk as Chunk;
      chunk.inUse = false;
      const { next, previous } = chunk;
      if (next && !next.inUse) {
        remove(next);
        chunk = join(chunk, next);
      }
      if (previous && !previous.inUse) {
        remove(previous);
        chunk = join(previous, chunk);
      }
      insert(chunk);
    },
    residentBytes: () =>
      regions.reduce((sum, { touched }) => touched.reduce((part, [start, end]) => part + end - start, sum), 0),
  };
}

function touch(region: Region, start: number, end: number): void {
  const apart = region.touched.filter(([from, to]) => to < start || from > end);
  const meeting = region.touched.filter(([from, to]) => to >= start && from <= end);
  const joined: [number, number] = [
    Math.min(start, ...meeting.map(([from]) => from)),
    Math.max(end, ...meeting.map(([, to]) => to)),
  ];
  region.touched = [...apart, joined].sort(([a], [b]) => a - b);
}
