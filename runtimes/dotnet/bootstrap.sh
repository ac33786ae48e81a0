#!/bin/bash
# Starts a .NET function that carries its own runtime client: an executable assembly, a file-based app or Native
# AOT, whose handler names it without colons. Spec 4.2-07.

# Tells the platform why the function cannot start, and ends.
refuse() {
  printf '%s: %s\n' "$1" "$2" >&2
  local body
  body=$(printf '{"errorType":"%s","errorMessage":"%s"}' "$1" "${2//[\"\\]/}")
  if exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API##*:}"; then
    printf 'POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\nLambda-Runtime-Function-Error-Type: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "$1" "${#body}" "$body" >&3
    read -r -t 5 _ <&3
  fi
  exit "$3"
}

name=${LAMBDA_DOTNET_MAIN_ASSEMBLY:-$_HANDLER}
name=${name%.dll}
case $_HANDLER in
  *::*) refuse Runtime.UnsupportedHandler 'Handlers of the form Assembly::Type::Method need the class library client, which is not part of this runtime; use an executable assembly with Amazon.Lambda.RuntimeSupport' 106 ;;
  */* | '') refuse Runtime.MalformedHandlerName 'The handler is to be the name of an assembly' 105 ;;
esac
cd "$LAMBDA_TASK_ROOT" || exit 104
if [[ -f $name.dll ]]; then
  [[ -f $name.runtimeconfig.json ]] || refuse Runtime.MissingFile "$name.runtimeconfig.json is missing" 103
  exec "$DOTNET_ROOT/dotnet" "$name.dll"
fi
[[ -x $name ]] && exec "./$name"
refuse Runtime.MissingFile "Neither $name.dll nor an executable $name is in the package" 101
