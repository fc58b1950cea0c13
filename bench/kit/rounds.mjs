/**
 * Measure every side once a round, A B A B, so that whatever else the machine does meets all sides alike.
 *
 * `sides` maps a name to a function that measures once; the result maps it to all that was measured.
 */
export async function inRounds(count, sides) {
  const measured = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < count; round++) {
    for (const [name, measure] of Object.entries(sides)) measured[name].push(await measure());
  }
  return measured;
}
