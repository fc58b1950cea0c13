/** Next hops in a line or ring `n0`, `n1`, …; halfway around a ring either way is right. */
export function areRight(id, table, count, isRing) {
  const own = Number(id.slice(1));
  for (let node = 0; node < count; node++) {
    if (node === own) continue;
    const hop = table?.[`n${node}`];
    const up = (node - own + count) % count;
    const step = isRing ? (up < count / 2 ? 1 : -1) : node > own ? 1 : -1;
    const right = `n${(own + step + count) % count}`;
    if (hop === undefined || (hop !== right && !(isRing && up * 2 === count))) return false;
  }
  return true;
}
