/** Little-endian bytes of numbers, which is what every machine this runs on has; they share the numbers' memory. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
