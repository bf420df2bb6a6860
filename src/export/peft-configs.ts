/** A host with what its kind of module says of it. */
interface AdaptedHost {
  readonly name: string;
  readonly options: Readonly<Record<string, number>>;
}

/** PEFT's own word for an adapter that only saves modules. */
const NO_TARGETS = 'dummy-target-modules';

/** LoraConfig. Rank and alpha of the first module stand for all; patterns name those of the others. */
function loraConfig(hosts: readonly AdaptedHost[]): Readonly<Record<string, unknown>> {
  const { rank, alpha } = hosts[0]?.options ?? { rank: 1, alpha: 1 };
  const otherThan = (key: 'rank' | 'alpha', standard: number | undefined) =>
    Object.fromEntries(
      hosts.filter(({ options }) => options[key] !== standard).map(({ name, options }) => [name, options[key]]),
    );
  return {
    r: rank,
    lora_alpha: alpha,
    rank_pattern: otherThan('rank', rank),
    alpha_pattern: otherThan('alpha', alpha),
    target_modules: hosts.length > 0 ? hosts.map(({ name }) => name) : NO_TARGETS,
    bias: 'none',
    use_rslora: false,
    use_dora: false,
  };
}

/** IA3Config. */
function ia3Config(hosts: readonly AdaptedHost[]): Readonly<Record<string, unknown>> {
  return {
    target_modules: hosts.map(({ name }) => name),
    feedforward_modules: hosts.filter(({ options }) => options.feedForward === 1).map(({ name }) => name),
    init_ia3_weights: true,
  };
}

/** What `adapter_config.json` says of the adapted hosts, by PEFT's `peft_type`. A new type is a line here. */
export const peftConfigs: Readonly<
  Record<string, (hosts: readonly AdaptedHost[]) => Readonly<Record<string, unknown>>>
> = {
  LORA: loraConfig,
  IA3: ia3Config,
};
