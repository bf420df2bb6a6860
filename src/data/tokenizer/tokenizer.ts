import { whiteSpaceEnd, whiteSpaceStart } from './json/character-classes.ts';
import {
  type AddedToken,
  type Companions,
  type NamedToken,
  plainName,
  plainToken,
  ROLES,
  type Role,
  type SpecialTokenNames,
  type TokenProperties,
} from './special-tokens.ts';
import { buildTrie, longestAt } from './unigram/trie.ts';

/** Every file that can hold a part of a tokenizer: these are fetched from the Hub, and go along with an export. */
export const TOKENIZER_FILES: readonly string[] = [
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'],
  ...['spiece.model', 'vocab.txt', 'vocab.json', 'merges.txt'],
];

/** Text to ids and back. `encode` adds no special tokens: where they go is the model family's matter. */
export interface TextTokenizer {
  /** One more than the highest id, extra ids included (not the padded embedding size). */
  readonly size: number;
  readonly special: SpecialTokenIds;
  /** Ids of a text, without special tokens around it. */
  encode(text: string): number[];
  /** Special tokens are left out. */
  decode(ids: readonly number[]): string;
}

/** What a tokenizer is read from. */
export interface TokenizerSource {
  readonly folder: string;
  /** The file that holds the vocabulary. */
  readonly where: string;
  readonly companions: Companions;
  /** What the family calls its special tokens where no file names them. */
  readonly defaults: SpecialTokenNames;
  /** Sentinels behind a `spiece.model` where no file counts them. */
  readonly extraIds: number;
}

/** A tokenizer with what a model needs that reads a text to its end and answers until an end. */
export interface Tokenizer extends TextTokenizer {
  readonly padId: number;
  readonly endId: number;
}

/** What a vocabulary's own file says, before other files are heard. */
export interface BareVocabulary {
  /** Number of ids. */
  readonly size: number;
  readonly idOf: (piece: string) => number | undefined;
  readonly addedTokens: readonly AddedToken[];
  /** Whether the properties of these are said there, and not only what such tokens usually have. */
  readonly describesAdded: boolean;
}

/** Every token that is matched before the vocabulary's own pieces are, and the ids of special ones by role. */
export interface AddedVocabulary {
  readonly tokens: readonly AddedToken[];
  readonly special: SpecialTokenIds;
}

/** Ids of special tokens by role: any may be absent. */
type SpecialTokenIds = Readonly<Partial<Record<Role, number>>>;

/**
 * Joins the added tokens of all files, as transformers does. A token has the id that the vocabulary has for it, else
 * the one that a file gives, else the next free one. But a role's token that no file knows an id of is left out: it
 * would get a row of the embedding table that was never trained.
 * @param defaults what the family calls its special tokens where no file names them
 */
export function addedVocabulary(
  vocabulary: BareVocabulary,
  { named, added, describesAdded }: Companions,
  defaults: SpecialTokenNames,
): AddedVocabulary {
  const tokens = new Map(vocabulary.addedTokens.map(token => [token.content, token]));
  const idOf = (content: string) => tokens.get(content)?.id ?? vocabulary.idOf(content);
  const put = (token: TokenProperties, id: number) => {
    if (token.content !== '') tokens.set(token.content, { ...token, id });
  };
  for (const { id, ...token } of added) {
    if (describesAdded || !tokens.has(token.content)) put(token, idOf(token.content) ?? id);
  }

  const isNews = ({ token, hasProperties }: NamedToken) =>
    !tokens.has(token.content) || (hasProperties && !vocabulary.describesAdded);
  const special: Partial<Record<Role, number>> = {};
  for (const role of ROLES) {
    const name = named.roles[role] ?? plainName(defaults[role] ?? '');
    const id = idOf(name.token.content);
    if (id === undefined) continue;
    special[role] = id;
    if (isNews(name)) put(name.token, id);
  }
  let size = sizeWith(vocabulary.size, tokens.values());
  for (const name of named.others) {
    if (isNews(name)) put(name.token, idOf(name.token.content) ?? size++);
  }
  return { tokens: [...tokens.values()], special };
}

/** Of a T5, whose sentinels stand behind the pieces, so many if no file says: `<extra_id_0>` has the highest id. */
export function sentinelVocabulary(
  pieces: readonly string[],
  companions: Companions,
  defaults: SpecialTokenNames,
  standard: number,
): AddedVocabulary {
  const extraIds = companions.config.extra_ids ?? standard;
  const addedTokens = Array.from({ length: extraIds }, (_, i) => ({
    ...plainToken(`<extra_id_${extraIds - 1 - i}>`, true),
    id: pieces.length + i,
  }));
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const bare = { size: pieces.length, idOf: (piece: string) => ids.get(piece), addedTokens, describesAdded: false };
  return addedVocabulary(bare, companions, defaults);
}

/** Number of ids of a vocabulary together with added tokens. */
export function sizeWith(size: number, tokens: Iterable<AddedToken>): number {
  let all = size;
  for (const { id } of tokens) all = Math.max(all, id + 1);
  return all;
}

/** Part of a text: an added token, by its id, or what stands between two of them. */
export interface Section {
  /** Where it begins. */
  readonly start: number;
  readonly text: string;
  readonly id?: number;
}

/** What Rust's regular expressions mean by \w, as a class of characters. */
export const WORD_CHARACTERS = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;
const WORD_CHARACTER = new RegExp(`^[${WORD_CHARACTERS}]$`, 'u');

/**
 * A function that cuts texts at added tokens, as Hugging Face's tokenizers library does: the leftmost token first, of
 * those the longest; one that may only be a whole word is passed over inside others, and what it would have covered
 * with it. The time is linear in the text: white space is walked from a match outwards, never searched from every
 * place.
 *
 * @param contents what is searched for each token: its content, or the normalised one
 */
export function splitterAt(
  tokens: readonly AddedToken[],
  contents: (token: AddedToken) => string = token => token.content,
): (text: string) => readonly Section[] {
  if (tokens.length === 0) return text => (text === '' ? [] : [{ start: 0, text }]);
  const trie = buildTrie(tokens.map((token, i) => [contents(token), i]));
  return text => {
    const sections: Section[] = [];
    let covered = 0;
    for (let at = 0; at < text.length; ) {
      const match = longestAt(trie, text, at);
      if (match === undefined) {
        at++;
        continue;
      }
      const token = tokens[match.value]!;
      if (!token.singleWord || isWholeWord(text, at, match.end)) {
        const start = token.lstrip ? whiteSpaceStart(text, covered, at) : at;
        const end = token.rstrip ? whiteSpaceEnd(text, match.end) : match.end;
        if (covered < start) sections.push({ start: covered, text: text.slice(covered, start) });
        sections.push({ start, text: text.slice(start, end), id: token.id });
        covered = end;
      }
      at = match.end;
    }
    if (covered < text.length) sections.push({ start: covered, text: text.slice(covered) });
    return sections;
  };
}

function isWholeWord(text: string, start: number, end: number): boolean {
  const before = lastCharacter(text, start);
  const after = end < text.length ? String.fromCodePoint(text.codePointAt(end)!) : '';
  return !WORD_CHARACTER.test(before) && !WORD_CHARACTER.test(after);
}

function lastCharacter(text: string, end: number): string {
  const unit = text.slice(Math.max(0, end - 1), end);
  const isTrail = unit >= '\udc00' && unit <= '\udfff';
  return isTrail ? text.slice(Math.max(0, end - 2), end) : unit;
}
