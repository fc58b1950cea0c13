// Says to the local pages at URL what a browser would: the code that was shown, and a Basic Setup. Prints the answer.
const [url, code, wish] = process.argv.slice(2);
const origin = new URL(url).origin;
const post = (path, body, headers = {}) =>
  fetch(new URL(path, url), {
    method: "POST",
    headers: { "content-type": "application/json", origin, ...headers },
    body,
  });
const entered = await post("/api/enter", JSON.stringify({ code }));
const { key } = await entered.json();
const cookie = entered.headers.getSetCookie()[0].split(";")[0];
const answer = await post("/api/setup", wish, { cookie, "x-farhand-page": key });
console.log(answer.status, await answer.text());
