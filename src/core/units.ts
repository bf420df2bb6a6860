/** `75 s`, `12.5 min`, `3.1 h`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return seconds < 7200 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** `36 kB`, `812 MB`, `16.1 GB`; powers of 1000, as disks and the paper's table count. */
export function bytes(count: number): string {
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`;
  return count < 1e9 ? `${Math.round(count / 1e6)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

/** A score of 0 to 100, as the field's tables write it. */
export function score(value: number): string {
  return value.toFixed(2);
}

/** A fraction of the backbone in ‱ (1e-4), the paper's unit. */
export function perTenThousand(fraction: number): string {
  return `${Number((fraction * 1e4).toPrecision(3))} ‱`;
}

/** A fraction in percent, as budgets are given: `0.0348%`. */
export function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))}%`;
}

/** `1 run`, `21 runs`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `737,668,096`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
