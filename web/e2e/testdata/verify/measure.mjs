// Measures how long after the navigation a verifier gives its first answers. What is given is
// {ready, times, outcomes, bytes, spin}, with times in ms since the navigation began.

/** @param {() => Promise<{open: (text: string) => any, check: (text: string, at: string) => any}>} load */
export async function measure(load) {
  const asked = fetch('/data.json').then((r) => r.json()); // while the verifier loads
  const { open, check } = await load(), { bundle, credentials } = await asked, ready = performance.now();
  await open(bundle);
  const times = [], outcomes = [], bytes = [];
  for (const { data, at } of credentials) {
    outcomes.push(await check(data, at));
    times.push(performance.now());
    bytes.push(weight());
  }
  await new Promise((done) => setTimeout(done, 1000)); // what is still compiled behind our back
  return { ready, times, outcomes, bytes, spin: spin() };
}

/** The bytes of the verifier's files so far, as they came over the wire. */
function weight() {
  return performance.getEntriesByType('resource').filter((e) => !/data\.json|measure\.mjs/.test(e.name)).reduce((n, e) => n + e.encodedBodySize, 0);
}

/** How long a fixed piece of work takes: tells whether the processor was slowed. */
function spin() {
  const begun = performance.now();
  let x = 1;
  for (let i = 0; i < 3e7; i++) x = (x * 1664525 + i) | 0;
  return performance.now() - begun + (x === 0.5 ? 1 : 0);
}
