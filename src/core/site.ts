/**
 * A place in a backbone where delta modules can attach, named as in the checkpoint.
 *
 * A `linear` host computes y = x Wᵀ (+ b) with W [outFeatures, inFeatures]; a `norm` host y = norm(x) ⊙ w (+ b) with w
 * [outFeatures]; a `block` host is a whole sub-layer before its residual connection, whose output [tokens, outFeatures]
 * a sequential module reads; an `embedding` host is a table [inFeatures rows, outFeatures].
 */
export type HostKind = 'linear' | 'norm' | 'block' | 'embedding';

/** Stacks of layers, in the order of the forward pass. */
export const stacks = ['encoder', 'decoder'] as const;

/** The stack of layers that a site stands in. */
export type Stack = (typeof stacks)[number];

/**
 * Where in the depth of a model a site stands. The embedding counts to layer 0, a stack's final norm to its last layer.
 */
export interface Place {
  readonly stack: Stack;
  readonly layer: number;
}

/** Every role that a site can play in a transformer, and what kind of host it is. A family has some of them. */
export const roles = {
  embedding: 'embedding',
  'embedding.position': 'embedding',
  'embedding.type': 'embedding',
  'embedding.norm': 'norm',
  'position-bias': 'embedding',
  'self-attention.norm': 'norm',
  'self-attention': 'block',
  'self-attention.query': 'linear',
  'self-attention.key': 'linear',
  'self-attention.value': 'linear',
  'self-attention.output': 'linear',
  'self-attention.query-norm': 'norm',
  'self-attention.key-norm': 'norm',
  'cross-attention.norm': 'norm',
  'cross-attention': 'block',
  'cross-attention.query': 'linear',
  'cross-attention.key': 'linear',
  'cross-attention.value': 'linear',
  'cross-attention.output': 'linear',
  'feed-forward.norm': 'norm',
  'feed-forward': 'block',
  /** Into the inner width; of a gated feed-forward, the map that the activation does not see. */
  'feed-forward.in': 'linear',
  /** Of a gated feed-forward, the map that the activation sees. */
  'feed-forward.gate': 'linear',
  'feed-forward.out': 'linear',
  'final.norm': 'norm',
  pooler: 'linear',
  'lm-head': 'linear',
} as const satisfies Readonly<Record<string, HostKind>>;

/** What a part of a layer does: `q`, `up`, `input-norm` and so on; the same word in every family. */
export type Role = keyof typeof roles;

/** Every role, in the order in which rows of a heat map stand. */
export const roleNames = Object.keys(roles) as readonly Role[];

/** A place of the backbone where deltas can attach. */
export interface Site {
  /** The checkpoint's name without `.weight`, e.g. `encoder.block.3.layer.0.SelfAttention.q`. */
  readonly name: string;
  readonly role: Role;
  readonly place: Place;
  /** What `roles` says of the role. */
  readonly host: HostKind;
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** True where the frozen host adds a bias [outFeatures] of its own. */
  readonly hasBias: boolean;
  /** True where adding a constant to the output changes nothing (a key projection: the softmax removes it). */
  readonly biasIsInert: boolean;
  /**
   * True where the weight is another site's (a tied output projection): it can be read, but is not this site's to
   * train.
   */
  readonly weightIsShared: boolean;
}

/** What a site's frozen bias is called where weights are kept by the names of their sites. */
export function biasName({ name }: Pick<Site, 'name'>): string {
  return `${name}.bias`;
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

type Flags = Partial<Pick<Site, 'hasBias' | 'biasIsInert' | 'weightIsShared'>>;

/**
 * A site in its role. `biasIsInert` is for keys whose queries no position turns: the softmax does not see what is the
 * same for all of them. All flags are false where they are not given.
 */
export function makeSite(
  name: string,
  role: Role,
  place: Place,
  [inFeatures, outFeatures]: readonly [number, number],
  { hasBias = false, biasIsInert = false, weightIsShared = false }: Flags = {},
): Site {
  return { name, role, place, host: roles[role], inFeatures, outFeatures, hasBias, biasIsInert, weightIsShared };
}

/**
 * Hyper-parameters of a delta kind, e.g. `{ rank: 8, alpha: 16 }`. Plain numbers, so that they can be saved and
 * compared.
 */
export type DeltaOptions = Readonly<Record<string, number>>;

/** What everyone may know of a kind of delta; what it does is known in `deltas/`. */
export interface DeltaKind {
  /** Its name in structures and spaces. */
  readonly kind: string;
  /** Its name in tables and the heat map. */
  readonly label: string;
  /** The plugin that brings it; absent for a kind of the package. */
  readonly plugin?: string;
}

/** One candidate: a delta of some kind at one site. */
export interface DeltaModule {
  /** Unique in a list: `<site name>:<kind>`. */
  readonly id: string;
  readonly site: Site;
  /** Name of its kind of delta. */
  readonly kind: string;
  /** The kind itself, found by its name once, where the module was made. */
  readonly delta: DeltaKind;
  readonly options: DeltaOptions;
  /** Trainable parameters it costs (n_i of the paper). */
  readonly parameters: number;
  /** True where the module cannot change the model's output (BitFit on a key projection). */
  readonly inert: boolean;
}
