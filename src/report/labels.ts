import type { Place, Role, Site } from '../core/site.ts';

/** Names of roles as in the paper's figure 9. */
const ROLES: Readonly<Record<Role, string>> = {
  embedding: 'Embedding',
  'embedding.position': 'Embedding.Pos',
  'embedding.type': 'Embedding.Type',
  'embedding.norm': 'Embedding.LN',
  'position-bias': 'SelfAttn.RelBias',
  'self-attention.norm': 'SelfAttn.LN',
  'self-attention': 'SelfAttn',
  'self-attention.query': 'SelfAttn.Q',
  'self-attention.key': 'SelfAttn.K',
  'self-attention.value': 'SelfAttn.V',
  'self-attention.output': 'SelfAttn.O',
  'self-attention.query-norm': 'SelfAttn.Q_LN',
  'self-attention.key-norm': 'SelfAttn.K_LN',
  'cross-attention.norm': 'CrossAttn.LN',
  'cross-attention': 'CrossAttn',
  'cross-attention.query': 'CrossAttn.Q',
  'cross-attention.key': 'CrossAttn.K',
  'cross-attention.value': 'CrossAttn.V',
  'cross-attention.output': 'CrossAttn.O',
  'feed-forward.norm': 'FFN.LN',
  'feed-forward': 'FFN',
  'feed-forward.in': 'FFN.In',
  'feed-forward.gate': 'FFN.Gate',
  'feed-forward.out': 'FFN.Out',
  'final.norm': 'Final_LN',
  pooler: 'Pooler',
  'lm-head': 'LM_head',
};

/** Maps that every family names in its own way, and its users know by that name. */
const namedByFamily: readonly Role[] = ['feed-forward.in', 'feed-forward.gate', 'feed-forward.out'];
/** Names of maps that say nothing of what they are for. */
const SAYS_NOTHING = 'dense';

/** What a site is for, as tables and pictures call it: `SelfAttn.Q`, `FFN.Wi_0`, `Final_LN`. `name` is the site's. */
export function roleLabel({ role, name }: Pick<Site, 'role' | 'name'>): string {
  const own = name.split('.').at(-1)!;
  if (!namedByFamily.includes(role) || own === SAYS_NOTHING) return ROLES[role];
  return `FFN.${own[0]!.toUpperCase()}${own.slice(1)}`;
}

/** Names for layers, made for all places that are shown together: `E.3` and `D.0`, or `3` where there is one stack. */
export function layerLabels(places: readonly Place[]): (place: Place) => string {
  const isOneStack = new Set(places.map(({ stack }) => stack)).size < 2;
  return ({ stack, layer }) => (isOneStack ? `${layer}` : `${stackLetter(stack)}.${layer}`);
}

/** What the letters of `layerLabels` stand for; empty where there are none. */
export function stackNames(places: readonly Place[]): string {
  const stacks = [...new Set(places.map(({ stack }) => stack))];
  return stacks.length < 2 ? '' : stacks.map(stack => `${stackLetter(stack)} ${stack}`).join(', ');
}

export function stackLetter(stack: Place['stack']): string {
  return stack[0]!.toUpperCase();
}

const dates = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const datesOfYears = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** `29 Nov, 09:15`, in the reader's time; of another year the day alone, with the year. `milliseconds` since 1970. */
export function dateText(milliseconds: number, now = Date.now()): string {
  const [date, today] = [new Date(milliseconds), new Date(now)];
  return (date.getFullYear() === today.getFullYear() ? dates : datesOfYears).format(date);
}
