/**
 * What a model is to answer with: a text, one of some classes, a number, or one of the choices that each input brings
 * (`EncodedInput.otherChoices`).
 */
export type AnswerKind =
  | { readonly kind: 'text' }
  | { readonly kind: 'class'; readonly classes: number }
  | { readonly kind: 'number' }
  | { readonly kind: 'choice' };
