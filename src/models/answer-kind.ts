import type { CodedTask } from './codec.ts';

/**
 * What a model is to answer with: a text, one of some classes, which may have names, a number, or one of the choices
 * that each input brings (`EncodedInput.otherChoices`).
 */
export type AnswerKind =
  | { readonly kind: 'text' }
  | { readonly kind: 'class'; readonly classes: number; readonly labels?: readonly string[] }
  | { readonly kind: 'number' }
  | { readonly kind: 'choice' };

/** The kind of answer that a task asks for, for families that can give any of them. */
export function answerKindOf({ labels, numbers = false, choices = false }: CodedTask): AnswerKind {
  if (choices) return { kind: 'choice' };
  if (labels !== undefined) return { kind: 'class', classes: labels.length, labels };
  return { kind: numbers ? 'number' : 'text' };
}
