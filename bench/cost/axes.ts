/** What a loss with its gradients is measured at. */
export interface Point {
  /** Blocks of the encoder, and as many of the decoder. */
  readonly layers: number;
  /** d_model; heads are 64 wide, the feed-forward's hidden states four times the width. */
  readonly width: number;
  /** Source tokens of a row; targets have 4. */
  readonly length: number;
  /** Rows of a batch. */
  readonly batch: number;
  /** Share of the mixed space's modules that are attached, spread evenly. */
  readonly modules: number;
}

export const basePoint: Point = { layers: 6, width: 512, length: 64, batch: 8, modules: 1 };

/** The values of each axis, the others as in the base point. */
export const axes: Readonly<Record<keyof Point, readonly number[]>> = {
  layers: [2, 4, 6, 9, 12],
  width: [128, 256, 384, 512, 768, 1024],
  length: [16, 32, 64, 128, 256, 384],
  batch: [2, 4, 8, 16, 32],
  modules: [1 / 16, 1 / 4, 1 / 2, 3 / 4, 1],
};

/** Every `1 / share`-th of the items, the first always among them, so that the backward pass reaches as far down. */
export function spread<Item>(items: readonly Item[], share: number): Item[] {
  return items.filter((_, index) => index === 0 || Math.floor(index * share) > Math.floor((index - 1) * share));
}
