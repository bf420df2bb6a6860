/** Where the program departs from the paper or its authors' code, or chooses what they leave open. A line of Markdown each. */
export const differences: readonly string[] = [
  '**Order of the bi-level step.** The default is `--order one-sided`: the finite difference of the second order is taken to one side, from the gradient that the virtual step has computed, with a step ten times shorter. The paper’s, to both sides, is `--order second`; `first` and `exact` are there too. On gelu both differences are near the exact derivative, on relu neither is, and the one-sided is further off. What they cost and how far off they are: [quick start](quick-start.md).',
  '**Modules that cannot change the output.** A bias on the keys of an attention adds one number to all scores of a query, which the softmax removes: BitFit there is a candidate, as in the paper, and is left out of the structure unless `--keep-inert` is given.',
  '**One draw a step.** The same uniform numbers make the gates of every loss of a step. The authors’ code draws anew for the last loss.',
  '**Learning rate of the weights in a search.** It is not that of the re-training, as in the paper, but lower while many candidates are open: half of it times B over the parameters that the gates leave open on average ([why](measured/search-rates.md)). `--search-lr` gives one of your own.',
  '**Candidates that can never be kept** are left out of the search: larger than the whole budget, or without effect. The paper searches all of them, as `--no-fitting-only` does.',
  "**`--paper`** gives the paper's own values at once wherever nothing else is said: these and its second-order step.",
  '**Virtual step.** The gradients that α and the modules’ parameters are stepped by are clipped to a norm of 2 (`--clip-norm`); the one that makes the virtual step is not. That step and the correction take the learning rate of the schedule. The paper is silent on both.',
  '**Clamp.** p is kept as a logit, clamped where p is within 10⁻⁷ of 0 or 1, and no gradient passes the clamp. In the global form (33) a clamped module still counts in the sum of p̃, not in that of p̃ · ∂L/∂p. So ∂L/∂p that are all equal do move α, as in the local form times the clamped modules’ share of the sum of p̃: nearly nothing where they are clamped at 0, more where at 1.',
  '**Choice of the structure.** Modules are taken by descending α, not p: the order is the same, but p rounds to the same number near 1.',
  '**Epochs of the search.** One is a pass over D_δ, half of the training set, so it has about half the steps of one in re-training; the paper does not say.',
  '**Dropout.** There is none, and no key asks for that of the checkpoint, which the authors’ code trains with.',
  '**Sizes.** Batch sizes, epochs and steps between validations are the paper’s (`--preset paper`) for every model but the built-in one, whose own finish within minutes. So are learning rates and budget, where the built-in model takes larger ones.',
];
