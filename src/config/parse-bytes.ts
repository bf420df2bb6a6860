import { InputError } from '../core/errors.ts';

const units: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/**
 * Reads an amount of memory: `4GB`, `3.5 GiB`, `900MB`.
 * @throws InputError where it cannot be read or is nothing
 */
export function parseBytes(text: string, where: string): number {
  const [, digits, unit] = /^\s*(\d*\.?\d+)\s*([MGT]i?B)\s*$/i.exec(text) ?? [];
  const value = Number(digits) * (units[unit?.toUpperCase() ?? ''] ?? Number.NaN);
  if (value > 0) return Math.floor(value);
  throw new InputError(`"${text}" is no amount of memory`, {
    code: 'unknown-value',
    where,
    remedy: 'write for example 4GB or 900MB',
  });
}
