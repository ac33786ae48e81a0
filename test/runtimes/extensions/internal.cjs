// An internal extension: lives in the runtime's process and counts the invocations it is told of.
const http = require('node:http');

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const call = (method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, path, headers, agent: new http.Agent({ keepAlive: true }) }, (response) => {
      let text = '';
      response.on('data', (data) => (text += data)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    request.on('socket', (socket) => socket.unref());
    request.on('error', reject).end(body);
  });

globalThis.heard = [];
(async () => {
  const registered = await call('POST', '/2020-01-01/extension/register', { 'Lambda-Extension-Name': 'internal' }, '{"events":["INVOKE"]}');
  globalThis.registered = JSON.parse(registered.text);
  const id = { 'Lambda-Extension-Identifier': registered.headers['lambda-extension-identifier'] };
  for (;;) globalThis.heard.push(JSON.parse((await call('GET', '/2020-01-01/extension/event/next', id)).text).requestId);
})();
