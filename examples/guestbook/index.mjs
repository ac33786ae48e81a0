// A web page behind a function URL: the list lives in this environment's memory, as long as the environment does.
const entries = [];

export const handler = async (event) => {
  const { method, path } = event.requestContext?.http ?? { method: 'GET', path: '/' };
  if (method === 'POST' && path === '/sign') {
    const body = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString('utf8') : event.body;
    const name = new URLSearchParams(body).get('name')?.trim().slice(0, 80);
    if (name) entries.unshift({ name, at: new Date().toISOString() });
    return { statusCode: 303, headers: { location: '/' } };
  }
  return { statusCode: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: page() };
};

const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const page = () => `<!doctype html><title>Guestbook</title>
<body style="font:16px/1.5 system-ui;max-width:32rem;margin:3rem auto">
<h1>Guestbook</h1>
<form method="post" action="sign"><input name="name" placeholder="Your name" required> <button>Sign</button></form>
<ul>${entries.map(({ name, at }) => `<li>${escaped(name)} <small>${at}</small></li>`).join('')}</ul>`;
