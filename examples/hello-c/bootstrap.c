/* A custom runtime without a runtime: asks the Runtime API for the next event, answers, asks again. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char reply[7 << 20];

/* Sends one request and reads one answer; returns its body, or NULL. */
static char *ask(const char *request, size_t length) {
  const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
  char host[64];
  int port = 80;
  if (api == NULL || sscanf(api, "%63[^:]:%d", host, &port) < 1) return NULL;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return NULL;
  for (size_t sent = 0; sent < length;) {
    ssize_t n = write(fd, request + sent, length - sent);
    if (n <= 0) { close(fd); return NULL; }
    sent += n;
  }
  size_t got = 0;
  for (ssize_t n; got < sizeof reply - 1 && (n = read(fd, reply + got, sizeof reply - 1 - got)) > 0;) got += n;
  reply[got] = 0;
  close(fd);
  char *body = strstr(reply, "\r\n\r\n");
  return body == NULL ? NULL : body + 4;
}

/* The value of a header of the last answer, copied. */
static void header(const char *name, char *value, size_t size) {
  value[0] = 0;
  for (char *line = reply; (line = strstr(line, "\r\n")) != NULL && line[2] != '\r';) {
    line += 2;
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
    line += length + 1;
    while (*line == ' ') line++;
    snprintf(value, size, "%.*s", (int)strcspn(line, "\r\n"), line);
    return;
  }
}

int main(void) {
  static char request[7 << 20];
  for (;;) {
    int n = snprintf(request, sizeof request, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    char *event = ask(request, n);
    if (event == NULL) return 1;
    char id[64];
    header("Lambda-Runtime-Aws-Request-Id", id, sizeof id);
    printf("event of %zu bytes\n", strlen(event));
    fflush(stdout);
    char body[128];
    int length = snprintf(body, sizeof body, "{\"hello\":\"from C\",\"eventBytes\":%zu}", strlen(event));
    n = snprintf(request, sizeof request,
                 "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", id, length, body);
    ask(request, n);
  }
}
