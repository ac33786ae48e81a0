// One Express application, behind two adapters.
const express = require('express');

const app = express();
app.use(express.json());
app.get('/hello/:name', (request, response) =>
  response.set('x-by', 'express').send(`hello ${request.params.name} ${request.query.mood ?? ''}`),
);
app.post('/sum', (request, response) => response.status(201).json({ sum: request.body.numbers.reduce((a, b) => a + b, 0) }));
app.get('/cookie', (request, response) =>
  response
    .cookie('a', '1')
    .cookie('b', '2')
    .send(request.headers.cookie ?? 'none'),
);
app.get('/bytes', (_request, response) => response.type('image/png').send(Buffer.from([137, 80, 78, 71, 0, 255])));

exports.http = require('serverless-http')(app, { binary: ['image/*'] });
