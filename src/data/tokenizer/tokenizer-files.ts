/** Every file that can hold a part of a tokenizer: these are fetched from the Hub, and go along with an export. */
export const TOKENIZER_FILES: readonly string[] = [
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'],
  ...['spiece.model', 'vocab.txt', 'vocab.json', 'merges.txt'],
];
