/** Names a model that is not the one at hand, for messages: `t5-base, not on mini`. They may have one name. */
export function otherModel(then: string | undefined, now: string): string {
  return then === now ? `another ${now}, with other weights` : `${then ?? 'another model'}, not on ${now}`;
}
