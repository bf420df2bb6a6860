/**
 * A place in a backbone where delta modules can attach, named as in the checkpoint.
 *
 * A `linear` host computes y = x Wᵀ with W [outFeatures, inFeatures]; a `norm` host y = norm(x) ⊙ w with w [outFeatures];
 * a `block` host is a whole sub-layer before its residual connection, whose output [tokens, outFeatures] a sequential
 * module reads; an `embedding` host is a table [inFeatures rows, outFeatures].
 */
export type HostKind = 'linear' | 'norm' | 'block' | 'embedding';

export interface Site {
  /** The checkpoint's name without `.weight`, e.g. `encoder.block.3.layer.0.SelfAttention.q`. */
  readonly name: string;
  readonly host: HostKind;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** Column of the heat map: `E.3`, `D.0`; a stack's final layer norm belongs to its last layer. */
  readonly column: string;
  /** Kind of position, the heat map's row without the module's kind: `SelfAttn.Q`, `FFN.Wi`, `SelfAttn.LN`, `Final_LN`. */
  readonly position: string;
  /** True where adding a constant to the output changes nothing (a key projection: the softmax removes it). */
  readonly biasIsInert: boolean;
  /** True where the weight is another site's (a tied output projection): it can be read, but is not this site's to train. */
  readonly weightIsShared: boolean;
}

/** Shape of the host's weight in the checkpoint; a block has none of its own. */
export function weightShape(site: Site): readonly number[] {
  const shapes: Record<HostKind, readonly number[]> = {
    linear: [site.outFeatures, site.inFeatures],
    norm: [site.outFeatures],
    embedding: [site.inFeatures, site.outFeatures],
    block: [],
  };
  return shapes[site.host];
}
