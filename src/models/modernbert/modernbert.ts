import { BERT_TOKENS } from '../../data/tokenizer/special-tokens.ts';
import { encoderFamily } from '../encoder/encoder-family.ts';
import { activationOf } from '../kit/named-activations.ts';
import { type ModernBertConfig, parseModernBertConfig } from './modernbert-config.ts';
import { encodeTexts, textFeeds, textFeedsWithin } from './modernbert-encoder.ts';
import { modernBertNames, modernBertSites } from './modernbert-sites.ts';

const [DENSE, NORM, CLASSIFIER] = ['head.dense', 'head.norm', 'classifier'] as const;

/** ModernBERT (Warner et al. 2024). Its head begins as pre-training has left it, but for the last layer. */
export const modernbert = encoderFamily<ModernBertConfig>({
  name: 'ModernBERT',
  parse: parseModernBertConfig,
  frame: { tokens: BERT_TOKENS, separators: 1, types: false },
  longest: ({ positions }) => positions,
  head: [DENSE, NORM, CLASSIFIER],
  ...modernBertNames,
  encoder: config => {
    const { width, epsilon, bias, classifier } = config;
    const activation = activationOf(classifier.activation);
    return {
      sites: modernBertSites(config),
      states: encodeTexts,
      pooling: classifier.pooling === 'cls' ? 'first' : 'mean',
      feeds: texts => textFeeds(texts, config),
      feedsWithin: (graph, rows) => textFeedsWithin(graph, rows, config),
      head: [
        { name: DENSE, outFeatures: width, hasBias: classifier.bias, activation },
        { name: NORM, epsilon, hasBias: bias.norm },
      ],
    };
  },
});
