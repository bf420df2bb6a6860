/** Where the program departs from the paper, or from its authors' code, unless told otherwise. A line of Markdown each. */
export const differences: readonly string[] = [
  '**Order of the bi-level step.** The default is `--order one-sided`: the finite difference of the second order is taken to one side, from the gradient that the virtual step has computed, with a step ten times shorter. The paper’s, to both sides, is `--order second`; `first` and `exact` are there too. What they cost: [quick start](quick-start.md).',
  '**Modules that cannot change the output.** A bias on the keys of an attention adds one number to all scores of a query, which the softmax removes: BitFit there is a candidate, as in the paper, and is left out of the structure unless `--keep-inert` is given.',
  '**One draw a step.** The same uniform numbers make the gates of every loss of a step. The authors’ code draws anew for the last loss.',
  '**Clipping.** Both gradients are clipped, as in the paper; the one that makes the virtual step is not.',
  '**Clamp.** p is kept as a logit, clamped where p is within 10⁻⁷ of 0 or 1, and no gradient passes the clamp. In the global form (33) a clamped module still counts in the sum of p̃, not in that of p̃ · ∂L/∂p: with many of them, ∂L/∂p that are all equal do move α a little.',
  '**Dropout.** There is none; the authors’ code trains with that of the checkpoint.',
  '**Sizes.** Batch sizes, epochs and steps between validations are the paper’s (`--preset paper`) for every model but the built-in one, whose own finish within minutes.',
];
