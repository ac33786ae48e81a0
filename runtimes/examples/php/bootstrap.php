<?php
// A runtime for PHP in one file: the HTTP Runtime API over a plain socket, and a handler `file.function`.

[$host, $port] = explode(':', getenv('AWS_LAMBDA_RUNTIME_API'));

/** One exchange on a connection of its own: the platform is on the same machine. */
function exchange(string $method, string $path, string $body = '', array $headers = []): array
{
    global $host, $port;
    $socket = stream_socket_client("tcp://$host:$port") ?: exit(1);
    stream_set_timeout($socket, 1_000_000);
    $lines = ["$method /2018-06-01/runtime$path HTTP/1.1", "Host: $host:$port", 'Connection: close', 'Content-Length: ' . strlen($body)];
    foreach ($headers as $name => $value) {
        $lines[] = "$name: $value";
    }
    fwrite($socket, implode("\r\n", $lines) . "\r\n\r\n" . $body);
    fgets($socket);
    $known = [];
    while (($line = rtrim((string) fgets($socket))) !== '') {
        [$name, $value] = explode(':', $line, 2);
        $known[strtolower($name)] = trim($value);
    }
    $answer = isset($known['content-length']) ? stream_get_contents($socket, (int) $known['content-length']) : unchunked($socket, $known);
    fclose($socket);
    return [$known, (string) $answer];
}

function unchunked($socket, array $headers): string
{
    if (($headers['transfer-encoding'] ?? '') !== 'chunked') {
        return (string) stream_get_contents($socket);
    }
    $whole = '';
    while (($size = hexdec(trim((string) fgets($socket)))) > 0) {
        $whole .= stream_get_contents($socket, $size);
        fgets($socket);
    }
    return $whole;
}

function described(Throwable $error): string
{
    $shape = ['errorType' => get_class($error), 'errorMessage' => $error->getMessage(), 'stackTrace' => explode("\n", $error->getTraceAsString())];
    return json_encode($shape, JSON_INVALID_UTF8_SUBSTITUTE);
}

try {
    [$file, $function] = explode('.', getenv('_HANDLER'), 2);
    // `require` of a missing file ends PHP itself; asked for first, it becomes an exception.
    $path = getenv('LAMBDA_TASK_ROOT') . "/$file.php";
    if (!is_file($path)) {
        throw new RuntimeException("$path is missing");
    }
    require $path;
    if (!is_callable($function)) {
        throw new RuntimeException("$function is not a function of $file.php");
    }
} catch (Throwable $error) {
    fwrite(STDERR, $error . "\n");
    exchange('POST', '/init/error', described($error), ['Lambda-Runtime-Function-Error-Type' => 'Runtime.ImportModuleError']);
    exit(1);
}

for (;;) {
    [$headers, $event] = exchange('GET', '/invocation/next');
    $id = $headers['lambda-runtime-aws-request-id'];
    $context = ['awsRequestId' => $id, 'invokedFunctionArn' => $headers['lambda-runtime-invoked-function-arn'] ?? null, 'deadlineMs' => (int) ($headers['lambda-runtime-deadline-ms'] ?? 0)];
    try {
        $answer = json_encode($function(json_decode($event, true), $context), JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION);
        exchange('POST', "/invocation/$id/response", $answer);
    } catch (Throwable $error) {
        fwrite(STDERR, $error . "\n");
        exchange('POST', "/invocation/$id/error", described($error), ['Lambda-Runtime-Function-Error-Type' => 'Function.Error']);
    }
}
