/**
 * Passwords of twelve characters and more that are tried first everywhere; shorter ones are refused for their length.
 * In small letters, without what is put before or behind to please a rule: see {@link isWellKnownPassword}.
 */
const wellKnown = new Set(
  `password passwordpassword mypassword thisispassword passwordadmin adminpassword administrator adminadmin
  admin administratoradmin root rootroot rootpassword toor letmein letmeinplease letmeinnow welcome welcomeback
  welcomehome welcometo changeme changemenow changemeplease pleasechangeme defaultpassword default secretpassword
  secret supersecret topsecret qwerty qwertyuiop qwertyqwerty qwertyuiopasdfghjkl asdfghjkl asdfghjklzxcvbnm zxcvbnm
  qazwsx qazwsxedc qazwsxedcrfv qweasdzxc asdfasdf asdfasdfasdf abcdef abcdefghijkl abcdefghijklm abcdefghijklmnop
  abcabcabcabc iloveyou iloveyouforever iloveyousomuch sunshine princess dragon monkey football baseball superman
  trustno correcthorsebatterystaple farhand farhandfarhand farhandadmin farhandserver
  farhandpassword receptor server worker login passphrase temporary temppassword test testtest testpassword testing
  guest guestguest user useruser company companypassword summer winter spring autumn`.split(/\s+/),
);
const runs = [
  "01234567890123456789",
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
];
/** Fewer different characters than these are a pattern, not a password. */
const minDifferent = 5;

/** Whether somebody who guesses would have it among the first thousands. @param name the user's, which is one of them. */
export function isWellKnownPassword(password: string, name: string): boolean {
  const text = password.toLowerCase();
  if (new Set(text).size < minDifferent) return true;
  const backwards = Array.from(text).reverse().join("");
  if (runs.some((run) => run.includes(text) || run.includes(backwards))) return true;
  // Without what is put before or behind, and then also without what is put between.
  const core = plain(text.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, ""));
  const bare = core.replaceAll(/[\s\p{P}\p{N}\p{Sc}\p{Sm}\p{Sk}]/gu, "");
  if (bare === "") return runs.some((run) => isRepeated(text, run));
  return core === plain(name.toLowerCase()) || wellKnown.has(core) || wellKnown.has(bare);
}

/** What people write for a letter, so that `P@ssw0rd` is `password`. */
function plain(text: string): string {
  const written: Readonly<Record<string, string>> = {
    "@": "a",
    "4": "a",
    "0": "o",
    "1": "i",
    "!": "i",
    "3": "e",
    "5": "s",
    $: "s",
  };
  return text.replaceAll(/[@40!13$5]/g, (letter) => written[letter] ?? letter);
}

/** Whether `text` is nothing but pieces of `run`, each of four and more. */
function isRepeated(text: string, run: string): boolean {
  let rest = text;
  while (rest.length >= 4) {
    let length = rest.length;
    while (length >= 4 && !run.includes(rest.slice(0, length))) length--;
    if (length < 4) return false;
    rest = rest.slice(length);
  }
  return true;
}
