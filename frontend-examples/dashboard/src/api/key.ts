/** A name for one operation. A repeat under it is answered as the first was, and does nothing. */
export function freshKey(): string {
  // Not `randomUUID`, which plain http:// pages of other hosts do not have.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `dashboard-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
